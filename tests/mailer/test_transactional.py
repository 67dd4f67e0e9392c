"""Mail that readers ask for: each one is handed over, also two of the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from mailer import languages, transactional
from recommender.settings import Settings


def test_two_mails_of_one_moment_to_one_reader_are_two_files(tmp_path: Path, now: datetime) -> None:
    settings = Settings(home=tmp_path)
    language = languages.choose()
    message = transactional.compose(settings, "r@example.com", "Confirm", ["Hello"], now, language)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: transactional.send(settings, message, now), range(40)))
    files = list((tmp_path / "outbox" / "service").glob("*.eml"))
    assert len(files) == 40
    assert {file.read_bytes() for file in files} == {message.data}
