"""The application: routes, middleware, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from pielight.serve import openapi
from pielight.serve.byte_budget import ByteBudget
from pielight.serve.clip_jobs import ClipJobs
from pielight.serve.clips import Clips
from pielight.serve.guard import Guard
from pielight.serve.info import server_info
from pielight.serve.metrics import Metrics
from pielight.serve.pictures import NOTES, Pictures
from pielight.serve.problems import HANDLERS
from pielight.serve.settings import ServeSettings
from pielight.serve.site import docs_page, site_routes
from pielight.serve.worker_pool import WorkerPool


def create_app(settings: ServeSettings, names: Collection[str] = (), local: bool = True) -> Starlette:
    """Return the application; its workers start with its lifespan.

    Args:
        settings: What it does, and its limits.
        names: Host names under which it may be asked for, besides localhost and addresses.
        local: Whether it is only reached from this machine.

    Raises:
        ModelError: There is no such model.
    """
    pool, budget = WorkerPool(settings), ByteBudget(settings.max_bytes)
    metrics = Metrics(pool, budget)
    information, described = server_info(settings), openapi.document(settings.token is not None)
    jobs = ClipJobs(settings)
    pictures, clips = Pictures(settings, pool, budget), Clips(settings, jobs)

    def close() -> None:
        jobs.close()
        pool.close()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            await pool.start()
            jobs.start()
            yield
        finally:
            close()

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def info(_: Request) -> Response:
        return JSONResponse(information)

    async def measured(_: Request) -> Response:
        return metrics.respond()

    async def description(_: Request) -> Response:
        return JSONResponse(described)

    async def docs(_: Request) -> Response:
        return docs_page(described)

    routes = [
        Mount(  # so that the page, which takes every path, answers for none of these
            "/v1",
            routes=[
                Route("/enhance", pictures.enhance, methods=["POST"]),
                Route("/exposure", pictures.exposure, methods=["POST"]),
                Route("/video", clips.submit, methods=["POST"]),
                Route("/video/{id}", clips.job, methods=["GET", "DELETE"]),
                Route("/video/{id}/events", clips.events),
                Route("/video/{id}/result", clips.result),
                Route("/info", info),
            ],
        ),
        Route("/healthz", healthz),
        Route("/metrics", measured),
        Route("/openapi.json", description),
        Route("/docs", docs),
        *site_routes(),
    ]
    middleware = [Middleware(Guard, settings=settings, names=names, local=local, metrics=metrics)]
    if settings.origins:
        middleware.insert(  # before the guard, so that pages can read why it refuses
            0,
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type"],
                expose_headers=[NOTES, "Location", "Retry-After"],
            ),
        )
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=HANDLERS, lifespan=lifespan)
    app.state.pool, app.state.jobs, app.state.close = pool, jobs, close
    return app
