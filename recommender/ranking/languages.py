"""Words of grammar in the languages of the newsletter's sources, and scripts without spaces.

Only words that say nothing of a subject, without accents, as text is compared. A word that is one
of substance in English ("car", "war", "son", "AI") is none of grammar here.
"""

import re

_GERMAN = """
    aber alle allem allen aller alles als also andere anderen auch auf aus bei beim bin bis bist
    dadurch damit dann das dass dein deine dem den denn der des dessen deshalb die dies diese
    diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines einige einmal
    er es etwas euch euer fuer fur gegen hab habe haben hatte hatten hier hinter ich ihm ihn
    ihnen ihr ihre ihrem ihren ihrer im immer ins ist jede jedem jeden jeder jedes jetzt kann
    kein keine keinen konnen koennen konnte machen mehr mein meine mich mir mit muss musste nach
    nicht nichts noch nun nur ob oder ohne sehr sein seine seinem seinen seiner selbst sich sie
    sind so solche soll sollen sollte sondern sonst uber ueber um und uns unser unsere unter
    viel viele vom von vor wahrend waehrend waren warum was weil welche welchem welchen welcher
    wenn wer werden wie wieder wird wir wo wurde wurden wurde zu zum zur zwar zwischen
"""
_FRENCH = """
    afin alors apres au aucun aucune aussi autre autres aux avant avec avoir avait avez beaucoup
    bien cela celle celles celui ces cet cette ceux chaque chez ci comme comment dans de depuis
    des deux donc dont du elle elles en encore entre est et etait etaient etant ete etre eu eux
    fait faire faut il ils je jusque la le les leur leurs lors lui ma mais malgre meme memes mes
    moi moins mon ne ni nos notre nous on ont ou par parce pas pendant peu peut peuvent plus
    plusieurs pour pourquoi pourrait pres qu quand que quel quelle quelles quelque quelques
    quels qui quoi sans sa se sera ses si sont sous sur ta tandis tel telle tels tes tous tout
    toute toutes tres trop un une vers voici voila vos votre vous
"""
_SPANISH = """
    al algo alguna algunas alguno algunos ante antes aquel aquella asi aun aunque bajo cada como
    con contra cual cuales cuando cuanto de del desde donde dos durante el ella ellas ellos en
    entre era eran eres es esa esas ese eso esos esta estaba estaban estamos estan estar estas
    este esto estos fue fueron ha habia haber han hasta hay la las le les lo los mas me mediante
    mi mientras mis mucho muchos muy nada ni nos nosotros nuestra nuestro otra otras otro otros
    para pero poco por porque pues puede pueden que quien quienes se sea segun ser si sido
    siempre sin sobre su sus tambien tan tanto te tiene tienen toda todas todo todos tras tu tus
    un una unas uno unos usted y ya yo
"""
_ITALIAN = """
    agli alla alle allo anche ancora avere aveva che chi ci cio cioe col come con contro cosa
    cosi cui da dagli dai dal dalla dalle dallo degli dei del della delle dello dentro di dopo
    dove due e ed era erano essere fa fino fra fu gia gli ha hanno il in io la le lei li lo loro
    lui ma mai mentre mi mia mie mio molto ne negli nei nel nella nelle nello noi non nostra
    nostro ogni oltre per perche piu poi puo prima qual quale quali quando quanto quella quelle
    quelli quello questa queste questi questo qui se sempre senza si sia siamo sono sopra sotto
    sta stata stati stato su sua sue sugli sui sul sulla sulle suo tra tutta tutte tutti tutto
    un una uno vi voi
"""
_PORTUGUESE = """
    ainda algum alguma algumas alguns ao aos apos aquela aquele aqui as assim ate bem cada com
    como contra da das de dela dele deles depois desde dessa desse desta deste do dos durante e
    ela elas ele eles em entre era essa essas esse esses esta estao estar estas estava este
    estes eu foi foram ha isso isto ja la lhe mais mas me mediante menos mesmo meu minha muita
    muitas muito muitos na nada nao nas nem nessa nesse nesta neste nos nossa nosso num numa
    nunca o onde os ou outra outras outro outros para pela pelas pelo pelos pode podem pois por
    porque quais qual quando quanto que quem sao se seja sem sempre sendo ser sera seu seus so
    sob sobre sua suas tambem tao te tem tinha toda todas todo todos um uma umas uns voce voces
"""
_DUTCH = """
    aan alle alles als altijd andere bij daar dan dat de der deze die dit doen door dus een en
    er geen geweest haar had heb hebben heeft hem het hier hij hoe hun iets ik in is ja je kan
    kunnen maar me meer mij mijn moet na naar niet niets nog nu of om omdat onder ons ook op
    over reeds te tegen toch toen tot uit uw van veel voor waren was wat werd wezen wie wij wil
    worden wordt zal ze zelf zich zij zijn zo zonder zou
"""
_SUBSTANCE = frozenset({"son", "era", "die", "fin", "sin"})
STOP = (
    frozenset(" ".join((_GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH)).split())
    - _SUBSTANCE
)
_UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f]+"
)
"""Runs of letters of scripts that write no spaces between words."""


_PLURALS = {
    "ungen": "ung", "heiten": "heit", "keiten": "keit", "schaften": "schaft", "itaten": "itat",
    "onen": "on", "oren": "or", "ien": "ie",  # German
    "eaux": "eau", "aux": "al",  # French
    "ciones": "cion", "siones": "sion", "dades": "dad",  # Spanish, Portuguese
    "ais": "al",  # Portuguese
    "zioni": "zione", "sioni": "sione",  # Italian
    "heden": "heid", "ingen": "ing",  # Dutch
}  # fmt: skip
"""Endings of plurals that English words hardly have, and of their singulars, without accents."""
_LONG = 7
"""Letters of a word from which its ending is looked at."""


def singular(word: str) -> str:
    """A German, French, Spanish, Italian, Portuguese or Dutch word (folded, without accents)
    without the ending of its plural, where that is plain from the ending alone."""
    if len(word) < _LONG:
        return word
    for size in range(8, 2, -1):
        ending = _PLURALS.get(word[-size:])
        if ending is not None:
            return word[:-size] + ending
    return word


def pieces(word: str) -> list[str]:
    """A run of letters as the units it is compared by: itself, or, of a script without spaces, its
    pairs of neighbouring letters (as Lucene's CJKAnalyzer); a letter alone is one."""
    units: list[str] = []
    at = 0
    for run in _UNSPACED.finditer(word):
        if at < run.start():
            units.append(word[at : run.start()])
        letters = run.group()
        units += [letters[n : n + 2] for n in range(max(len(letters) - 1, 1))]
        at = run.end()
    if at < len(word):
        units.append(word[at:])
    return units
