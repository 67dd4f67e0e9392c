import http.client
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mailer.preview import specimens, template_server
from mailer.rendering import own_templates
from recommender import settings
from recommender.errors import TransportError


def get(address: str, path: str, host: str | None = None) -> tuple[int, str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("GET", path, headers={"Host": host or parts.netloc})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_pages_are_drawn_anew_and_faults_are_said_on_them(tmp_path: Path, now: datetime) -> None:
    own_templates.eject(tmp_path / "t")
    found = settings.load(None, {}).replace(templates=tmp_path / "t")
    with template_server.serving(found, tmp_path / "t", 0, now) as address:
        assert address.startswith("http://127.0.0.1:")
        status, page = get(address, "/")
        assert (status, "From the desk" in page) == (200, True)
        readers = re.findall(r'<iframe title="([^:"]+): ', page)
        assert len(set(readers)) == len(readers) == len(specimens.SPECIMENS)
        assert get(address, "/?copy=1")[1].count("<iframe ") == 2  # wide and narrow
        before = get(address, "/stamp")
        assert before == get(address, "/stamp")
        weekly = tmp_path / "t" / "weekly.mjml"
        weekly.write_text(weekly.read_text().replace("issue.preheader", "issue.nothing"))
        assert get(address, "/stamp") != before
        assert "docs/templates.md lists what it has" in get(address, "/?copy=3")[1]
        assert get(address, "/", host="rebound.example:80")[0] == 403
        assert get(address, "/etc/passwd")[0] == 404
        taken = urlsplit(address).port or 0
        with (
            pytest.raises(TransportError, match="--port"),
            template_server.serving(found, tmp_path / "t", taken, now),
        ):
            pass
