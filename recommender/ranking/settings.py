"""Every knob of the ranker, with its default and what it does. Values only; nothing is read here.

The defaults were tuned as described in docs/ranking.md, on readers that are not used to judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_FIELDS = MappingProxyType(
    {
        "title": 3.0,
        "topics": 5.0,
        "takeaway": 1.5,
        "insights": 1.0,
        "summary": 1.0,
        "practice": 1.0,
        "principles": 0.5,
        "code_references": 1.0,
        "body": 0.5,
    }
)


@dataclass(frozen=True)
class TextSettings:
    """How text becomes a vector.

    ``fields`` weighs a term by the field it stands in, before saturation (as in BM25F: Robertson,
    Zaragoza and Taylor, CIKM 2004). ``ngrams`` is the longest run of words taken as one term.
    ``max_share`` drops terms found in more than that share of a large archive.
    """

    fields: Mapping[str, float] = field(default_factory=lambda: _FIELDS)
    ngrams: int = 2
    max_share: float = 0.5


@dataclass(frozen=True)
class AffinitySettings:
    """What makes a story near to an interest.

    For a topic or a role: ``tag`` (``role_tag``) and ``text`` say how many witnesses the story's
    own label and the label's text count as, beside the other stories that carry it (one each).
    ``related``, ``named``: what a related label, or the name in the title, is worth beside the
    label itself. ``full_text``: cosine with a label's text that is nearly as good as the label.
    ``words``: weight of words beside the latent space between stories that carry a label.
    ``noise``: likeness between stories that have nothing to do with each other; taken off.
    ``carried``: weight from which a topic is a story's own, and not just its digest's; ``muted``:
    cosine with a topic's text from which a story is about it for who muted it. ``anything``: the
    score, before freshness, of every story for a reader of whom nothing is known; ``liked``: of
    what others like best, for a reader whom nothing else reaches. ``few``: labels
    up to which a story's are taken for an editor's; ``few_known``: of those the vocabulary knows.
    ``fifth``: what a topic's fifth-best candidate is lifted to, when it is between that and
    ``weakest``; what is less is lifted as much as ``weakest``.
    """

    tag: float = 0.2
    role_tag: float = 1.0
    text: float = 0.3
    related: float = 0.3
    named: float = 0.5
    full_text: float = 0.2
    words: float = 0.3
    noise: float = 0.1
    carried: float = 0.5
    few: int = 3
    few_known: int = 8
    fifth: float = 0.2
    weakest: float = 0.05
    muted: float = 0.35
    anything: float = 0.1
    liked: float = 0.4


@dataclass(frozen=True)
class VocabularySettings:
    """How far a topic or role reaches into the labels around it.

    A walk over related names goes on with probability ``walk`` at each of at most ``steps`` steps;
    ``least`` is the least weight kept, as a share of all, and ``beside`` the most that a related
    name may weigh beside the name itself. For a name that the vocabulary does not hold,
    ``stand_ins`` of its labels stand in, and ``own`` is the share of the name's own words.
    ``unlike``: cosine below which a label has nothing to say of a story. ``faint``: what a common
    word of a label's text counts beside any other.
    """

    walk: float = 0.95
    steps: int = 9
    least: float = 0.001
    beside: float = 0.5
    stand_ins: int = 10
    own: float = 0.5
    unlike: float = 0.03
    faint: float = 0.4


@dataclass(frozen=True)
class LatentSettings:
    """The latent space: at most ``dimensions``, one for every ``stories_per_dimension`` stories,
    fitted on at most ``fitted`` of them, evenly chosen; all others are placed in it."""

    dimensions: int = 150
    stories_per_dimension: int = 8
    fitted: int = 2_000


@dataclass(frozen=True)
class CoClickSettings:
    """What is learned from other readers: at most ``readers`` histories (chosen by hash, so the
    same on every run), ``longest`` stories from each, since a reader of everything says little
    about any of it. ``shrink``: readers added to both sides of a co-click cosine, so that one
    shared reader proves little."""

    readers: int = 20_000
    longest: int = 200
    shrink: float = 3.0


@dataclass(frozen=True)
class DescriptionSettings:
    """What is told of a story to the regressions that learn from readers. ``words``: length of the
    latent points of its text beside those of the letters of its title, which have ``letters``
    dimensions. ``sources``: so many sources and curators, the most frequent ones, are told apart;
    ``source``: what one weighs beside the letters of length 1."""

    words: float = 0.5
    letters: int = 150
    sources: int = 300
    source: float = 0.5


@dataclass(frozen=True)
class MetricSettings:
    """The likeness learned from who reads what: at most ``factors`` dimensions. ``shrink``: readers
    added to each story's before it is weighed. ``own``, ``penalty``: of the regression of common
    readers on descriptions; a story of ``own`` readers has half its weight. ``chance``: how much of
    what any reader of that week would have read is taken off. ``bound``: length, in medians, that
    is added to a story's factors before they are brought to one length."""

    factors: int = 128
    shrink: float = 3.0
    own: float = 1.0
    penalty: float = 0.5
    chance: float = 0.5
    bound: float = 0.3


@dataclass(frozen=True)
class TasteSettings:
    """What is learned of tastes from what readers answered, for stories nobody has read yet, too.

    ``factors``: dimensions of taste. ``crowd``: readers with two answers or more at which tastes
    have half their say; with few they have none. ``density``: answers per story of the
    archive at which they have half of what is left: where readers hardly ever met, no taste
    shows. ``shrink``: readers added to each story's before it is weighed. ``own``: readers
    from which a story's own factors count more than those foretold from its text and sources.
    ``penalty``: of the regression that foretells them. ``promise_penalty``: of the one that
    foretells how many will read it.
    """

    factors: int = 64
    crowd: float = 50.0
    density: float = 5.0
    shrink: float = 3.0
    own: float = 3.0
    penalty: float = 1.0
    promise_penalty: float = 10.0
    description: DescriptionSettings = field(default_factory=DescriptionSettings)


@dataclass(frozen=True)
class SimilaritySettings:
    """What makes a story near to one that a reader answered.

    ``labels``, ``latent``: weights of shared topics and of the latent space beside the cosine of
    words. ``expansion``: of what is near to the ``neighbours`` stories nearest to it. ``ridge``:
    of the regression that takes the place of the latent cosine and of expansion once there are
    answers enough, ``penalty`` its regularisation in units of the mean eigenvalue. ``together``,
    ``alike`` (``alike_learned`` in the regression's company): of what others read with it.
    ``taste``: of the taste of those who like it (see ``TasteSettings``); ``metric``: of the
    likeness learned from who reads what. What is found is scaled down by as much as these two have
    a say, so that stated interests keep theirs.
    ``noise``: likeness between stories that have nothing to do with each other; taken off.
    """

    labels: float = 0.5
    latent: float = 0.5
    expansion: float = 0.2
    neighbours: int = 10
    ridge: float = 1.0
    penalty: float = 2.4
    together: float = 2.0
    alike: float = 1.5
    alike_learned: float = 0.7
    taste: float = 1.5
    metric: float = 2.5
    noise: float = 0.05


@dataclass(frozen=True)
class ProfileSettings:
    """How a reader becomes weighted interests.

    A role weighs ``role`` where the strongest stated topic weighs 1, and 1 where nothing else is
    known. Clicks lose half their weight in ``click_half_life`` days. What was learned from n
    answers has n / (n + ``patience``) of ``learned`` times the say that stated interests have:
    with 1 never more than they. From ``enough`` liked stories on they are taken for a regression,
    not one by one.
    ``source``: weight of a source or curator beside the answered stories, times the logarithm
    of how much more often than other readers this one answers what it brings; ``promise``:
    weight of what many readers like, beside the answered stories. ``source_patience``:
    answers of others that are added to the reader's own before the two are compared.
    ``fallback``: whoever told no more than a role, or whose interests reach no story enough, gets
    what readers of that role, then all, like best.
    """

    role: float = 0.35
    click_half_life: float = 300.0
    more: float = 1.5
    patience: float = 2.0
    learned: float = 1.0
    enough: int = 5
    less: float = 1.0
    source: float = 0.016
    source_patience: float = 5.0
    promise: float = 0.04
    fallback: bool = True


@dataclass(frozen=True)
class FreshnessSettings:
    """A score is multiplied by a factor between ``oldest`` and ``newest`` that falls by half of
    its range every ``half_life`` days; a story without a date is neutral (factor 1)."""

    half_life: float = 14.0
    newest: float = 1.2
    oldest: float = 0.7


@dataclass(frozen=True)
class RankingSettings:
    """The rules of a list. All but ``text``, ``profile`` and ``freshness`` hold for issues only.

    ``relevance_floor``, ``stories_per_digest`` and ``vary`` are what newsletter.toml leaves unsaid.

    ``relevance_floor``: a story that scores less is not chosen (scores run from 0 to about 1).
    ``stories_per_digest``, ``max_per_source``: at most so many stories of one digest, one source.
    ``diversity``: 0 orders by relevance alone; more takes likeness to what is chosen already into
    account (MMR's 1 − λ). ``calibration``: how much a list is drawn to the reader's stated mix.
    ``quota``: part of an interest's share of the mix that is kept for it in places: of two equal
    ones the weaker gets 3 of 10.
    ``new_days``: stories older than that stand behind the others of a list, "from the archive".
    ``explore``: the last place of a list of five or more goes to a story outside the reader's
    usual topics, drawn with logged propensity. ``vary``: share of lists in which two neighbours,
    drawn at random, change places, so that what a place is worth can be told from what a story is.
    ``must_read``: editors' must-reads lead the list.
    ``duplicate``: cosine of two texts from which they count as the same story; ``same_event``: the
    logarithm of the odds from which two tell of one event (``same_event.py``).
    ``pool``: how many of a reader's best stories the list is chosen from.
    ``calibrated_interests``: how many of a reader's strongest interests calibration looks at.
    ``smoothing``: α of calibration (Steck, RecSys 2018). ``least_reason``: parts of a score that
    are smaller are left out of its reasons, and the others scaled to add up to 1.
    ``duplicates_per_story``: near-identical candidates looked for per story.
    ``explore_pool``: the exploration slot is drawn from so many stories, the newest first.
    """

    relevance_floor: float = 0.05
    stories_per_digest: int = 2
    max_per_source: int | None = None
    diversity: float = 0.2
    calibration: float = 0.1
    quota: float = 0.6
    new_days: float = 7.0
    explore: bool = True
    vary: float = 0.0
    must_read: bool = True
    duplicate: float = 0.72
    same_event: float = 0.9
    pool: int = 50
    calibrated_interests: int = 12
    explore_pool: int = 20
    smoothing: float = 0.01
    least_reason: float = 0.02
    duplicates_per_story: int = 64
    text: TextSettings = field(default_factory=TextSettings)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    latent: LatentSettings = field(default_factory=LatentSettings)
    co_clicks: CoClickSettings = field(default_factory=CoClickSettings)
    tastes: TasteSettings = field(default_factory=TasteSettings)
    metric: MetricSettings = field(default_factory=MetricSettings)
    affinity: AffinitySettings = field(default_factory=AffinitySettings)
    similarity: SimilaritySettings = field(default_factory=SimilaritySettings)
    profile: ProfileSettings = field(default_factory=ProfileSettings)
    freshness: FreshnessSettings = field(default_factory=FreshnessSettings)
