"""What is held of a reader: to be taken along, to be locked again, to be erased."""

import json

from starlette.responses import Response

from mailer import erasure
from mailer.web import security
from mailer.web.site import Site
from recommender.errors import ConflictError, NotFoundError
from recommender.models import Subscriber
from recommender.storage import database
from recommender.subscribers import address_change, records

PATIENCE = 2.0
"""Seconds that a reader waits for others to leave the store."""


def export(site: Site, identifier: int) -> Response:
    """All that is held, as a file."""
    with database.reading(site.engine) as session:
        held = records.everything(session, session.get_one(Subscriber, identifier))
    return Response(
        json.dumps(held, ensure_ascii=False, indent=2, default=str),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-newsletter-data.json"'},
    )


def revoke(site: Site, identifier: int) -> Response:
    """Void all personal links, the one that was used for this as well."""
    with database.writing(site.engine) as session:
        reader = records.lock(session, identifier)
        if reader is not None:
            address_change.revoke(reader)
    _ = site.language.text
    return site.notice(
        _("Old links are disabled"),
        _(
            "No link to your choices that was mailed so far works any more, this one included. Any "
            "of your issues brings you a new one."
        ),
    )


def erase(site: Site, identifier: int) -> Response:
    """Delete everything but the fingerprint."""
    with database.reading(site.engine) as session:
        reader = session.get(Subscriber, identifier)
        email = "" if reader is None else reader.email
    _ = site.language.text
    try:
        done = erasure.erase(site.engine, site.settings, email, now=site.clock(), patience=PATIENCE)
    except NotFoundError:  # the same button, pressed twice
        done = erasure.ErasureSummary(0)
    except ConflictError:
        return site.notice(
            _("Not yet"),
            _("An issue is being sent to you right now. Please try again in a minute."),
            status=409,
        )
    if done.left:
        security.log.error("erased, but something is left: %s", "; ".join(done.left))
        return site.notice(
            _("Erased"),
            _(
                "You are on no list any more. What is left in files that are in use is removed "
                "tonight; then nothing is held of you but a fingerprint of your address, so that "
                "nobody can add it again by mistake. You can subscribe again at any time."
            ),
        )
    return site.notice(
        _("Erased"),
        _(
            "Nothing is held of you any more but a fingerprint of your address, so that nobody can "
            "add it again by mistake. You can subscribe again at any time."
        ),
    )
