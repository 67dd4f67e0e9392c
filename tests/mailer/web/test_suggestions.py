"""Topics and roles are found as readers type."""

import pytest

from .conftest import Place


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/vocabulary/topic?q=kube", "Kubernetes"),
        ("/vocabulary/topic?q=K8s", "Kubernetes"),
        ("/vocabulary/role?q=cto", "CTO"),
        ("/vocabulary/topic?q=automation", "Robotics Automation"),
    ],
)
def test_topics_and_roles_are_found_by_the_beginning_of_a_name_or_alias(
    place: Place, path: str, first: str
) -> None:
    found = place.client.get(path).json()["found"]
    assert first in [one["name"] for one in found]
    assert len(found) <= 8
    assert all(set(one) == {"name", "definition"} for one in found)


@pytest.mark.parametrize(
    "path",
    ["/vocabulary/topic", "/vocabulary/topic?q=%00%ff", "/vocabulary/topic?q=" + "x" * 5_000],
)
def test_a_search_for_nothing_finds_nothing(place: Place, path: str) -> None:
    assert place.client.get(path).json() == {"found": []}
    assert place.client.get("/vocabulary/secret?q=a").status_code == 404
