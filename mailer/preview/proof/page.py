"""A proof as one self-contained page, to look at before an edition is sent."""

from datetime import datetime

from mailer import conformance
from mailer.edition import frequency, shards
from mailer.preview.proof.proving import Proof
from mailer.preview.proof.tally import ordered
from mailer.rendering import standalone
from mailer.rendering.look import Look

REASONS = {
    shards.NOTHING_RELEVANT: "no story is relevant enough, or new to them",
    frequency.SKIPPED: "had an issue lately, and wants them less often",
}


def page(proof: Proof, at: datetime, look: Look) -> str:
    """The page as HTML; each issue stands in a frame of its own and can run nothing. ``at`` is when
    the proof was asked for."""
    number = proof.tally.with_issue
    return standalone.page(
        "proof.html",
        look,
        proof=proof,
        tally=proof.tally,
        at=at,
        rules=len(conformance.RULES),
        reached=[story for story in proof.stories if story.readers],
        orphans=[story for story in proof.stories if not story.readers],
        everywhere=[story for story in proof.stories if number and story.readers == number],
        without=ordered(proof.tally.without),
        reasons=REASONS,
    )
