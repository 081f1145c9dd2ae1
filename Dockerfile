# The server, not as root, for a read-only file system:
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --memory 4g \
#       -p 127.0.0.1:8000:8000 -e PIELIGHT_TOKEN=... pielight
# The page is part of the image if it was built before (src/pielight/serve/static).
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml README.md LICENSE MANIFEST.in ./
COPY src src
RUN python -m venv /opt/pielight && /opt/pielight/bin/pip install --no-cache-dir '.[serve,raw,heif,deep,video]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin pielight
COPY --from=build /opt/pielight /opt/pielight
ENV PATH=/opt/pielight/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["pielight", "serve", "--host", "0.0.0.0"]
