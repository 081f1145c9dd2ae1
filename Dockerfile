# The server, not as root, for a read-only file system:
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --memory 4g \
#       --stop-timeout 270 -p 127.0.0.1:8000:8000 -e PIELIGHT_TOKEN=... pielight --workers 4
# A worker takes 150 MB and some hundreds more for a large photo: choose --workers by --memory, not by cores.
# Clips lie in the volume /clips: up to 3 times --max-clip for each of 4, and 4 GB of results. Behind a proxy all
# clients have one address: give --rate 0 --clips-per-address 0, limit them there, and name --allowed-host.
# The page is part of the image if it was built before (src/pielight/serve/static).
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml README.md LICENSE MANIFEST.in ./
COPY src src
RUN python -m venv /opt/pielight && /opt/pielight/bin/pip install --no-cache-dir '.[serve,raw,heif,deep,video]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin pielight \
    && install --directory --owner=10001 --mode=700 /clips
COPY --from=build /opt/pielight /opt/pielight
ENV PATH=/opt/pielight/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TMPDIR=/clips
VOLUME /clips
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["pielight", "serve", "--host", "0.0.0.0"]
