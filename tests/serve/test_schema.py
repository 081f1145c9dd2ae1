"""The description of the API, as schemathesis reads it: whatever it makes up, the server answers as is described.

Covers ``pielight.serve.openapi``.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from pielight.serve import openapi
from tests.serve.servers import Running

schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: pip install -e '.[dev]'")
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(openapi.document(False))
schema.config.phases.coverage.enabled = False  # hundreds of requests for each operation


@schema.parametrize()
@settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
def test_nothing_fails(server: Running, case: Any) -> None:
    case.call_and_validate(base_url=server.url, checks=CHECKS)
