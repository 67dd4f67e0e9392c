"""The times of pages are told apart by page, and by nothing of who asked."""

from prometheus_client import CollectorRegistry, generate_latest

from mailer.web.page_times import PageTimes

from .conftest import Place


def shown(times: PageTimes) -> str:
    registry = CollectorRegistry()
    registry.register(times)
    return generate_latest(registry).decode()


def test_a_path_counts_by_its_first_part_if_it_is_ours() -> None:
    times = PageTimes({"c", "subscribe"})
    times.note("GET", "/c/a-token", 302, 0.02)
    times.note("BREW", "/wp-login.php", 404, 0.02)
    times.note("GET", "/", 200, 0.02)
    found = shown(times)
    assert '_count{method="GET",page="c",status="302"} 1.0' in found
    assert '_count{method="other",page="other",status="404"} 1.0' in found
    assert '_count{method="GET",page="",status="200"} 1.0' in found
    assert "token" not in found
    assert "wp-login" not in found


def test_requests_are_timed_by_method_and_status(place: Place) -> None:
    place.client.get("/subscribe")
    place.client.get("/nowhere")
    text = place.client.get("/metrics").text
    name = "newsletter_http_request_duration_seconds_count"
    assert f'{name}{{method="GET",page="subscribe",status="200"}} 1.0' in text
    assert f'{name}{{method="GET",page="other",status="404"}} 1.0' in text
