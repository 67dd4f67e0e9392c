"""Word lists of ``words`` and ``sentences``, as plain text, one blank between words."""

STOP = """
a about above across after again against all almost along already also although always am among an
and another any anyone anything are around as at away back be became because become been before
behind being below between beyond both but by can cannot could d did do does doing done down
during each either else enough even ever every few for from further gets get got had has have
having he her here hers him his how however i if in inside instead into is isn it its itself just
ll least less like may me might mine more most much must my near neither never no nor not now of
off often on once one only onto or other others our ours out outside over own per perhaps quite
rather re s same she should since so some such t than that the their theirs them then there these
they this those though through thus to together too toward towards under until up upon us ve very
via was we well were what when where whether which while who whom whose why will with within
without would yet you your yours
"""
WEAK = """
ai new news use used using make makes making made show shows showing learn learns way ways thing
things say says said need needs help helps work works working good better best big bigger go goes
going keep keeps look looks take takes come comes model models system systems company companies
team teams data tool tools approach approaches method methods technique techniques paper papers
study studies research researchers introduce introduces present presents propose proposes based
large language llm llms year years time times today week weeks first next last power powers enable
enables include includes including provide provides potential key high low long short open free
real full future world people human humans build builds building inside improve improves improved
improving performance result results framework frameworks learning user users agent agents task
tasks rise story stories report reports update updates release releases launch launches lead leads
top deal deals software development market start starts machine intelligence
"""
SUFFIXES = """
izations ization isation ational ations ation ators ator ating ated ate izing ized ize ising ised
ise ements ement ments ment ities ity ically ical ics ic ness ingly ings ing edly ed ers er ors or
ions ion ally al ives ive ances ance ences ence ables able ous ly
"""
NUMBERS = """
two three four five six seven eight nine ten
"""
NEVER_LAST = """
e.g i.e cf vs dr mr mrs ms prof st no nr fig figs eq sec vol pp approx ca gen sen rep gov al jan
feb mar apr jun jul aug sep sept oct nov dec
"""
SELDOM_LAST = """
u.s u.k u.n e.u d.c inc ltd co corp llc etc a.m p.m ph.d jr sr
"""
BEGINNERS = """
the this that these those it its a an in on at for from with by as if when while after before
however meanwhile also additionally moreover furthermore still but and yet so or they he she we
you i his her their our your there here what why how who one two another other both each all most
some many several no not
"""
