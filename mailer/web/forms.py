"""Forms and addresses as readers send them, as values; and the wrapper every form's page has.

``post`` refuses what no form of ours sends before a page sees it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import localization
from mailer.localization import N_, Language
from mailer.web import security
from mailer.web.site import of
from recommender.errors import UnknownName

LEVELS = {"never": -2.0, "like": 1.0, "love": 3.0}
"""What a reader may say of a topic, and the weight it is kept as."""
MOST_FIELDS = 2_000
ID_DIGITS, PAGE_DIGITS = 18, 4
Handler = Callable[[Request, FormData], Response]


def post(handler: Handler, *, from_anywhere: bool = False) -> Callable[[Request], Awaitable[Any]]:
    """An endpoint that reads the form and calls ``handler`` in a thread of the pool.

    ``from_anywhere`` is for what mail programs post by themselves (RFC 8058): the address is all
    that is needed, so any body will do, and none.
    """

    async def endpoint(request: Request) -> Response:
        if from_anywhere:
            return await run_in_threadpool(handler, request, await _whatever(request))
        if not security.is_form(request):
            raise HTTPException(415, N_("This takes what a form sends."))
        if not security.own_form(request, of(request).settings.base_url):
            raise HTTPException(403, N_("This form was not sent from a page of ours."))
        try:
            async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
                return await run_in_threadpool(handler, request, form)
        except UnicodeError as error:
            raise HTTPException(400, N_("This form cannot be read.")) from error

    return endpoint


def row_id(text: str) -> int | None:
    """The id of a row, None where none is given; HTTPException 404 of what cannot be one."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS):
        raise HTTPException(404)
    return int(text)


def page_number(request: Request) -> int:
    """The page of a list that is asked for, from 1; HTTPException 404 of what is no number."""
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdecimal() and len(text) <= PAGE_DIGITS and int(text)):
        raise HTTPException(404)
    return int(text)


async def _whatever(request: Request) -> FormData:
    """The form in a body of any type; an empty one where there is none that can be read."""
    body = await request.body()
    if request.headers.get("content-type", "").lower().startswith(security.FORMS[1]):
        try:
            return await request.form(max_files=0, max_fields=MOST_FIELDS)
        except (HTTPException, UnicodeError):
            return FormData()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return FormData()
    return FormData([*pairs])


def text(form: FormData, name: str, most: int = 200) -> str:
    """A field's text, trimmed; HTTPException 400 when it is too long."""
    value = form.get(name)
    found = value.strip() if isinstance(value, str) else ""
    if len(found) > most:
        raise HTTPException(400, N_("A field of this form holds more than it may."))
    return found


def names(form: FormData, name: str) -> list[str]:
    """All that was ticked or written under ``name``; a written field may hold several, by comma."""
    ticked = [value for value in form.getlist(name) if isinstance(value, str)]
    written = text(form, f"more_{name}", 1_000).split(",")
    return [found for value in (*ticked, *written) if (found := value.strip()[:100])][:200]


def topics(form: FormData) -> dict[str, float]:
    """Topics with weights: ticked or written ones are liked; ``level:<topic>`` says it closely."""
    chosen = dict.fromkeys(names(form, "topics"), LEVELS["like"])
    for key, value in form.multi_items():
        if key.startswith("level:") and isinstance(value, str):
            topic = key.removeprefix("level:").strip()[:100]
            if topic and value in LEVELS:
                chosen[topic] = LEVELS[value]
            elif topic and value.startswith("keep:"):
                chosen[topic] = _kept(value)
            else:
                chosen.pop(topic, None)
    return chosen


def _kept(value: str) -> float:
    """A finer weight that was there before and is not to be changed."""
    try:
        weight = float(value.removeprefix("keep:"))
    except ValueError:
        return LEVELS["like"]
    return weight if -2 <= weight <= 3 else LEVELS["like"]


def locale(form: FormData, shown: str) -> str:
    """The language chosen in the form. A tag in that language which is held already, or in which
    the page was ``shown``, says more (``de-AT``) and is kept."""
    chosen = localization.choose(text(form, "locale", 35) or shown)
    return shown if localization.choose(shown).code == chosen.code else chosen.tag


def complaint(error: ValueError, language: Language) -> str:
    """What is wrong with a form, as its reader understands it."""
    _ = language.text
    if isinstance(error, UnknownName):
        return _("We do not know “%(name)s”. Please pick from the list.", name=error.name)
    field, _colon, why = str(error).partition(": ")
    sentences = {
        "email": _("Mail cannot be sent to this address. Please check it."),
        "timezone": _("We do not know this time zone. Please pick from the list."),
    }
    return sentences.get(field) or f"{field.capitalize()}: {why}."


def client(request: Request) -> str:
    """The network address a request came from."""
    return request.client.host if request.client else ""
