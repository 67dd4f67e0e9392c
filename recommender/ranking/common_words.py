"""Words that any subject uses: alone they tie no story to an interest.

Words of general English, as readers of any trade write them, and whatever half the vocabulary or
a good part of the archive says. "Common" is a property of a word, never of a name: a reader who
states "Design" asks for it.
"""

import numpy as np
import numpy.typing as npt

from recommender.ranking.features import Space

LABELS = 0.03
"""Share of the labels from which a word they use is common, if there are ``ENOUGH``."""
STORIES = 0.05
"""Share of the archive from which a word is common, if there are ``ENOUGH`` stories."""
ENOUGH = 40

_GENERAL = """
    ability able access account act action active activity actually add address advantage age ago
    agree allow amount answer appear approach area argue article ask aspect attempt attention
    author available average avoid bad balance bar base basic begin behavior behind benefit best
    better big bit blog board body book break bring broad build building business buy call care
    case cause center central challenge chance change chapter charge check choice choose claim
    class clear close come comment common community company compare comparison complete complex
    concern condition consider contain content context continue control cost count country couple
    course cover create current cut daily day deal decade decide decision deep define degree
    deliver demand depend describe design detail develop developer development difference
    different difficult direct direction discuss discussion draw drive early ease easy edge edition
    effect effective effort end engineer engineering enough entire environment episode error
    event evidence exactly example exist expect experience expert explain explore expose extend
    extra face fact factor fail failure fall family far fast feature feel field figure file final
    find fine finish fit fix flow focus follow force form format forward free friend full function
    fund future gain game general get give global go goal good great ground group grow growth guide
    half hand handle happen hard head hear help hide high hit hold home hope hour house human idea
    image impact implement important improve include increase individual industry information
    inside insight instead interest interesting interview introduce introduction issue item job
    join journey keep key kind know lab large late launch layer lead leader learn least leave left
    lesson let level library life light limit line link list listen little live local long look
    lose lot low main make man manage management manager mark market matter mean measure meet
    member message method middle million mind minute miss mistake model modern money month move
    name need network note number object offer office old one open operate operation opinion
    option order organization original outside overview own page part partner pass past path
    pattern pay people perform performance period person pick picture piece place plan platform
    play point policy popular position possible post power practical practice present press pretty
    price principle private problem process produce product production professional program
    project promise property provide public publish purpose push put quality question quick quickly
    quite range rate reach read reader ready real reality reason receive recent record reduce
    release remain remember remove replace report request require research resource respond
    response rest result return review right rise risk role room rule run safe sale save say scale
    second section see seem sell send sense series serious serve service set share shift ship short
    show side sign signal significant similar simple single site situation size skill small
    social solution solve sort source space speak special specific speed spend stage stand
    standard start startup state status stay step stop store story strategy strong structure study
    style subject success successful suggest supply support sure surface system table take talk
    target task team technical technique technology tell term test text thank theory thing think
    thought thousand time tip today together tool top topic total touch track trade train training
    travel trend trouble true trust try turn tutorial type understand understanding unit update
    user usually value various version video view visit voice wait walk want watch way web website
    week weekly weight wide win window wish woman wonder word work worker working world worth write
    writer writing wrong year yesterday young
"""
GENERAL = frozenset(_GENERAL.split())


def common(space: Space, *, archive: bool = True) -> npt.NDArray[np.bool_]:
    """Which terms of a space are common words; a run of words never is. Without ``archive`` what
    its stories use often does not matter: its own subject is not common to all."""
    found = np.array([name in GENERAL for name in space.names], dtype=bool)
    single = np.array([" " not in name for name in space.names], dtype=bool)
    for rows, share in ((space.labels, LABELS), (space.vectors, STORIES)):
        if rows.shape[0] >= ENOUGH and (archive or rows is space.labels):
            uses = np.bincount(rows.indices, minlength=len(space.names))
            found |= single & (uses > share * rows.shape[0])
    return found
