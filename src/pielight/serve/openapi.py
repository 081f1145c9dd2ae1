"""The description of the API: OpenAPI 3.1, from the models of parameters."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pielight import __version__
from pielight.serve.media_types import CLIPS, OCTETS, PICTURES
from pielight.serve.parameters import EnhanceParameters, ExposureParameters, Parameters, VideoParameters
from pielight.serve.problems import MEDIA_TYPE
from pielight.serve.uploads import FORM
from pielight.serve.worker import EXPOSURE_TYPES

_REFUSALS = (401, 403, 421, 429)
_BODY_REFUSALS = (400, 408, 413, 415, 422, 503)
_BYTES: dict[str, Any] = {}  # OpenAPI 3.1: of a raw body, an empty schema


def document(is_token_needed: bool) -> dict[str, Any]:
    """Return the description.

    >>> document(False)["openapi"]
    '3.1.0'
    """
    enhance = _operation(
        "enhance", "Enhance a picture.",
        {"200": _answer("The result, with the metadata of the picture; notes are in the header Pielight-Notes.",
                        dict.fromkeys((*PICTURES.values(), OCTETS), _BYTES))},
        EnhanceParameters, _body(EnhanceParameters, tuple(PICTURES.values())), _BODY_REFUSALS,
    )  # fmt: skip
    exposure = _operation(
        "exposure", "Predict by how many stops each part of a picture is lifted.",
        {"200": _answer("The map, as the picture is stored: before its orientation.",
                        {kind: _ref("ExposureMap") if kind.endswith("json") else _BYTES
                         for kind in EXPOSURE_TYPES.values()})},
        ExposureParameters, _body(ExposureParameters, tuple(PICTURES.values())), _BODY_REFUSALS,
    )  # fmt: skip
    job = _answer("The state of the clip.", {"application/json": _ref("Clip")})
    submit = _operation(
        "submitClip", "Enhance a clip, as a job.", {"202": {**job, "description": "Taken; its state."}},
        VideoParameters, _body(VideoParameters, tuple(CLIPS)), (*_BODY_REFUSALS, 501),
    )  # fmt: skip
    by_id = {"parameters": [_path_id()]}
    refusals = (404, 501)
    paths: dict[str, Any] = {
        "/v1/enhance": {"post": enhance},
        "/v1/exposure": {"post": exposure},
        "/v1/video": {"post": submit},
        "/v1/video/{id}": {
            "get": _operation("clip", "Tell how far a clip is.", {"200": job}, refusals=refusals) | by_id,
            "delete": _operation("deleteClip", "Stop a clip, and delete it.", {"204": _answer("Deleted.")},
                                 refusals=refusals) | by_id,
        },
        "/v1/video/{id}/events": {
            "get": _operation("clipEvents", "Follow a clip: server-sent events, named after its state, up to its end.",
                              {"200": _answer("The state, now and after each change.",
                                              {"text/event-stream": {"type": "string"}})},
                              refusals=refusals) | by_id,
        },
        "/v1/video/{id}/result": {
            "get": _operation("clipResult", "Get the result of a clip.",
                              {"200": _answer("The result.", dict.fromkeys((*CLIPS, OCTETS), _BYTES))},
                              refusals=(409, *refusals)) | by_id,
        },
        "/v1/info": {"get": _operation("info", "Version, models and limits.",
                                       {"200": _answer("They.", {"application/json": _ref("Info")})})},
        "/healthz": {"get": _operation("health", "Tell that the server answers.",
                                       {"200": _answer("It does.", {"application/json": {"type": "object"}})})},
        "/metrics": {"get": _operation("metrics", "Counters for Prometheus.",
                                       {"200": _answer("Text.", {"text/plain": {"type": "string"}})})},
    }  # fmt: skip
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "pielight", "version": __version__,
                 "description": "Brightens photos that came out too dark, or takes haze or rain out of them."},
        "paths": paths,
        "components": {"schemas": _SCHEMAS},
    }  # fmt: skip
    if is_token_needed:
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _operation(
    name: str, summary: str, answers: dict[str, Any], parameters: type[Parameters] | None = None,
    body: dict[str, Any] | None = None, refusals: tuple[int, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    problems = {
        str(status): _answer(HTTPStatus(status).phrase, {MEDIA_TYPE: _ref("Problem")}) | _headers(status)
        for status in sorted({*_REFUSALS, *refusals})
    }
    found: dict[str, Any] = {"operationId": name, "summary": summary, "responses": {**answers, **problems}}
    if parameters is not None:
        found["parameters"] = _parameters(parameters)
    return found if body is None else found | {"requestBody": body}


def _headers(status: int) -> dict[str, Any]:
    if status not in (429, 503):
        return {}
    return {"headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}}


def _parameters(model: type[Parameters]) -> list[dict[str, Any]]:
    found = []
    for name, schema in _properties(model).items():
        text = schema.pop("description")
        found.append({"name": name, "in": "query", "required": False, "description": text, "schema": schema})
    return found


def _properties(model: type[Parameters]) -> dict[str, Any]:
    """Return the schemas of parameters, each of which may be left out but is not null."""
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    for schema in properties.values():
        schema.pop("title", None)
        choices = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
        if schema.get("default", 0) is None:
            del schema["default"]
        schema |= choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}
    return properties


def _body(model: type[Parameters], kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the description of a body: a file by itself, or in a form with parameters."""
    form = {"type": "object", "required": ["file"],
            "properties": {"file": {"type": "string", "contentMediaType": OCTETS}, **_properties(model)}}  # fmt: skip
    files = {kind: {"schema": _BYTES} for kind in (*kinds, OCTETS)}
    return {"required": True, "content": {FORM: {"schema": form}, **files}}


def _path_id() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "description": "Of the clip.", "schema": {"type": "string"}}


def _answer(text: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"description": text}
    return found | ({"content": {kind: {"schema": schema} for kind, schema in content.items()}} if content else {})


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_NUMBERS = {"type": "array", "items": {"type": "array", "items": {"type": ["number", "null"]}}}
_COUNT = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Any] = {
    "Problem": _object(type={"type": "string"}, title={"type": "string"}, status={"type": "integer"},
                       detail={"type": "string"}),
    "ExposureMap": _object(ev=_NUMBERS, ceiling={"anyOf": [_NUMBERS, {"type": "null"}]},
                           underexposed={"type": ["number", "null"], "minimum": 0, "maximum": 1}),
    "Clip": {**_object(id={"type": "string"},
                       state={"enum": ["receiving", "waiting", "running", "done", "failed"]},
                       detail={"type": ["string", "null"]})},
    "Info": _object(version={"type": "string"}, models={"type": "object"},
                    formats={"type": "object"}, limits={"type": "object", "additionalProperties": {"type": "number"}}),
}  # fmt: skip
_SCHEMAS["Clip"]["properties"] |= {"frames": _COUNT, "total": {"type": ["integer", "null"]},
                                   "seconds_left": {"type": ["number", "null"]}}  # fmt: skip
