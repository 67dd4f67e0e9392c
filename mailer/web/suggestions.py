"""The vocabulary, for the script that finds topics and roles as readers type."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.web.site import of


def find(request: Request) -> Response:
    """For the script that searches as readers type: ``/vocabulary/topic?q=kube``."""
    site = of(request)
    kind = request.path_params["kind"]
    if kind not in ("topic", "role"):
        raise HTTPException(404)
    found = site.vocabulary_search.search(kind, request.query_params.get("q", ""), site.clock())
    return JSONResponse(
        {"found": [{"name": one.name, "definition": one.definition} for one in found]},
        headers={"Cache-Control": "public, max-age=300"},
    )


ROUTES: list[BaseRoute] = [Route("/vocabulary/{kind}", find, methods=["GET"])]
