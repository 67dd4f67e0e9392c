"""What is held of a reader: to be taken along, to be locked again, to be erased."""

import json

from starlette.responses import Response

from mailer import erasure
from mailer.web.site import Site
from recommender import database
from recommender.errors import ConflictError
from recommender.models import Subscriber
from recommender.subscribers import moving, records


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
        moving.revoke(session.get_one(Subscriber, identifier))
    _ = site.language.text
    return site.notice(
        _("Signed out everywhere"),
        _(
            "All links to your choices that were mailed so far are void, this one too. Any of your "
            "issues brings you a new one."
        ),
    )


def erase(site: Site, identifier: int) -> Response:
    """Delete everything but the fingerprint."""
    with database.reading(site.engine) as session:
        email = session.get_one(Subscriber, identifier).email
    _ = site.language.text
    try:
        erasure.erase(site.engine, site.settings, email, now=site.clock())
    except ConflictError:
        return site.notice(
            _("Not yet"),
            _("An issue is being sent to you right now. Please try again in a minute."),
            status=409,
        )
    return site.notice(
        _("Erased"),
        _(
            "Nothing is held of you any more but a fingerprint of your address, so that nobody can "
            "add it again by mistake."
        ),
    )
