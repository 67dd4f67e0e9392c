"""The class of a failure by the words of a notice alone, in the languages of mail systems: for
those that quote no reply and no code, and for codes that say only "permanent"."""

import re

from mailer.relay.refusals import FailureClass

LONGEST = 4_000
"""Characters of a notice that are looked at."""
_POLICY = re.compile(
    r"spam|\bblock(ed|list|ing)?\b|black ?list|deny ?list|dnsbl|reputation|polic(y|ies)|banned"
    r"|unsolicited|virus|malware|suspicious|abus(e|ive)\b|dmarc|\bspf\b|dkim|content (filter"
    r"|reject)"
    r"|(not|n.t) (allow|permit|authori[sz])|access denied|prohibited|not accepting mail from"
    r"|richtlinie|gesperrt|blockiert|unerw[üu]nscht|ind[ée]sirable|bloqu[ée]|refus[ée] par"
    r"|too (large|big|long)|(exceed\w*|maximum)\b.{0,40}\b(message|incoming|size)|message size"
    r"|size limit|zu gro(ss|ß)|trop volumineux|demasiado grande|troppo grande|relay(ing)? (denied"
    r"|not)"
    r"|authenticat|attachment|anhang",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(mail ?box|inbox|account|disk|storage|store)\b.{0,60}(is |was )?(full|exceed|over|limit"
    r"|space)"
    r"|over ?(disk )?quota|quota|exceed\w* .{0,30}(storage|space|limit)|space not enough"
    r"|postfach\b.{0,40}(voll|[üu]berf[üu]llt)|speicher|bo[îi]te .{0,40}(pleine|satur[ée])"
    r"|buz[óo]n .{0,30}lleno|casella .{0,30}piena|caixa .{0,30}cheia|переполнен",
    re.IGNORECASE,
)
_DEAD = re.compile(
    r"\b(user|recipient|mail ?box|address(ee)?|account|alias|name|userid|e-?mail|customer"
    r"|member)s?\b"
    r".{0,90}?"
    r"\b(unknown|(is |was )?not (be )?(found|known|exist|present|recogni[sz]ed|valid|listed"
    r"|registered"
    r"|local|unique|active)|(does not|doesn.?t|do not|don.?t) exist|no longer (\w+ )?"
    r"(valid|exist\w*|available|active|in use|employed)|invalid|inactive|disabled|deactivated"
    r"|discontinued|terminated|closed|unrouteable|(is )?wrong|deleted|expired|suspended)\b"
    r"|\b(unknown|invalid|inactive|disabled|unrouteable|no such|not a valid|isn.?t a valid|bad|no"
    r"|illegal|undefined)( \w+)?( or illegal)?"
    r" (local |final |delivery |e-?mail |mail )?(user(id|name)?|recipient|mailbox|address(ee)?"
    r"|account|alias|local part|person|delivery point)\b"
    r"|(doesn.?t|does not) have an? .{1,60} (account|mailbox)|no (mail ?box|user|account) (here"
    r"|by that|with)"
    r"|no one (here )?(with|by) that|address not found|did not exactly match an?|no matches to"
    r"|not (listed )?(in|on) .{0,40}(directory|address book|user list)|name is not recogni[sz]ed"
    r"|could not be found|couldn.t be found|wasn.t found at|final email delivery point"
    r"|does not like recipient|recipient (name )?not recognized|not our customer"
    r"|rcpt.? to.{0,20}fail"
    # German, French
    r"|(empf[äa]nger|adresse|postfach|benutzer|teilnehmer|konto)\w*\b.{0,90}?(unbekannt"
    r"|nicht (gefunden"
    r"|bekannt|vorhanden|existi\w+|g[üu]ltig|verf[üu]gbar|aktiv)|existiert nicht|ung[üu]ltig"
    r"|deaktiviert|gel[öo]scht|konnte nicht gefunden)|unbekannte[rs]? (empf|benutz|adress|nutzer)"
    r"|(adresse|destinataire|utilisateur|bo[îi]te|compte)\b.{0,90}?(inconnu|introuvable"
    r"|n.existe (pas|plus)"
    r"|invalide|inexistant|d[ée]sactiv|supprim|non recens|erron[ée]|n.est pas valide)"
    r"|(utilisateur|destinataire) inconnu"
    # Spanish, Portuguese, Italian, Dutch, Polish, Swedish, Russian, Japanese, Chinese
    r"|(usuario|destinatario|direcci[óo]n|cuenta|buz[óo]n)\b.{0,80}?(desconocid|no (existe"
    r"|encontrad"
    r"|v[áa]lid)|inv[áa]lid|inexistente|deshabilitad)|usu[áa]rio (desconhecid|inexistente)"
    r"|(destinat[áa]rio|endere[çc]o|conta)\b.{0,80}?(desconhecid|n[ãa]o (existe|encontrad)"
    r"|inv[áa]lid)"
    r"|(utente|destinatario|indirizzo|casella)\b.{0,80}?(sconosciut|inesistent|non (esiste|trovat"
    r"|valid))"
    r"|(gebruiker|adres|ontvanger|postvak)\b.{0,80}?(onbekend|bestaat niet|niet gevonden|ongeldig)"
    r"|(u[żz]ytkownik|adres|odbiorc)\w*\b.{0,80}?(nieznan|nie istnieje)"
    r"|(anv[äa]ndare|adress|mottagar)\w*\b.{0,80}?(ok[äa]nd|finns inte|hittades inte)"
    r"|(пользовател|адрес|ящик|получател)\w*\b.{0,80}?(не (найден|существует|известен)|неизвестен)"
    r"|(宛先|アドレス|ユーザー?).{0,40}?(存在しません|見つかりません|不明)"
    r"|(用户|收件人|邮箱|地址).{0,40}?(不存在|未找到|无效)",
    re.IGNORECASE | re.DOTALL,
)
_PASSING = re.compile(
    r"time.?out|timed out|temporar|try again|connection (refused|reset|failed|to)|unreachable|busy"
    r"|not respond|no answer|unavailable|host .{0,30}(unknown|not found|unreachable)|unknown host"
    r"|(unknown|no such) domain|domain .{0,60}(not exist|not found|unknown|invalid)|\bdns\b"
    r"|name ?server|gateway|queue|attempts|loop|hops|not reachable|network|locked|collected"
    r"|vor[üu]bergehend|nicht erreichbar|zeit[üu]berschreitung|temporairement|injoignable",
    re.IGNORECASE,
)


def classify(words: str) -> FailureClass:
    """What the words of a final failure are about; ``unreached`` when they do not say, which
    counts only when it goes on."""
    words = words[:LONGEST]
    if _FULL.search(words):
        return "unreached"
    if _POLICY.search(words):
        return "message"
    if _DEAD.search(words) and not _unknown_domain(words):
        return "mailbox"
    return "unreached"


def tell(words: str) -> bool:
    """Whether the words say what the failure is about."""
    kinds = (_FULL, _POLICY, _DEAD, _PASSING)
    return any(kind.search(words[:LONGEST]) is not None for kind in kinds)


def _unknown_domain(words: str) -> bool:
    found = _PASSING.search(words)
    return (
        found is not None
        and re.search("domain|host|dns|server", found[0], re.IGNORECASE) is not None
    )
