"""What mail systems say around a bounce, in the languages they speak: that a message failed, that
it is late, that its reader is away, where the copy begins.

The phrases are those of the systems' own templates (Postfix, Exim, qmail, sendmail, Exchange,
Domino, GroupWise, Gmail, Yahoo) and of their translations. Every expression takes linear time.
"""

import re

FAILED_SUBJECT = re.compile(
    r"undeliver|non.?deliver|not (be )?delivered|failure (notice|delivery)|fail(ed|ure)\b.{0,30}\b"
    r"(mail|message|deliver)|(mail|message|deliver\w*|transport|mailer)\b.{0,30}\b(fail|error|"
    r"problem|abort|unsuccess|return)|returned (e-?)?mail|return(ing|ed) (message )?to sender"
    r"|delivery (status )?notification|delivery report|rejected (mail|message)|rejected:"
    r"|(mail|message) (was )?rejected|bounced|user unknown|unknown (user|recipient)"
    r"|processing error|mail (system )?error|returned to sender|cannot be delivered"
    r"|could ?n.t be delivered|unable to deliver|dsn:"
    # German, French
    r"|unzustellbar|nicht zugestellt|nicht (zustell|ausgeliefert)|zustell(ung|fehl|bericht)\w*"
    r"|fehlgeschlagen|fehler bei der (zustell|e?-?mail)|non remis|non distribu|non d[ée]livr"
    r"|[ée]chec (de |d')|avis de non|message non|courrier non|impossible de remettre"
    # Spanish, Portuguese, Italian, Dutch
    r"|no (se )?(ha podido|pudo|puede) (ser )?entreg|no entregad|fallo (de|en)|no entregable"
    r"|n[ãa]o (foi )?entreg|n[ãa]o p[ôo]de ser|falha (de|na)|mancata consegna|non recapitat"
    r"|impossibile (recapitare|consegnare)|onbestelbaar|niet (bezorgd|afgeleverd)"
    # Polish, Swedish, Danish, Finnish, Russian, Japanese, Chinese
    r"|niedostarcz|nie dostarczono|kunde inte levereras|olevererbar|kunne ikke leveres"
    r"|toimitus ?virhe|недоставлен|не доставлен|не (было|может быть) доставлен|сообщение не"
    r"|配信(エラー|不能|できません)|送信(エラー|できません)|配達不能|退信|传输失败|無法|无法|系统退信|投递失败",
    re.IGNORECASE,
)
"""Subjects of notices of failure; alone, they prove nothing."""
FAILED_TEXT = re.compile(
    r"(could|can|was|were|were|did|has|have|is) ?(not|n.t|NOT)( yet)?( been| be)? "
    r"(successfully )?(deliver|reach|receive|accept|sent)\w*"
    r"|can ?not be (deliver|sent)|unable to (deliver|send|relay)|undeliver(able|ed)|non-?delivery"
    r"|deliver(y|ing)\b.{0,60}\b(fail|abort|unsuccess|impossible|error)|fail(ed|ure)? (to"
    r"|in) deliver"
    r"|wasn.t able to deliver|were not able to deliver|failed permanently|permanent (fatal )?error"
    r"|returned (to (the )?sender|below|because)|was rejected|been rejected|(address"
    r"|recipient)(es|s)?"
    r" (failed|had|have) |failed (recipient|addresses)|has been returned|message (was )?rejected"
    r"|no such (user|recipient|mailbox|address)|user (is )?(unknown|not known)|not a valid user"
    r"|unknown (user|recipient|address)|did not exactly match|invalid (final|recipient)"
    r"|did not receive (this|your) message|message not delivered"
    r"|delivery problems|no valid recipient|encountered an error|address not found"
    r"|konnte\w* (leider )?(\S+ ){0,8}nicht (\S+ ){0,3}(zugestellt|ausgeliefert|[üu]bermittelt)"
    r"|(nicht|un)[- ]?zustellbar|zustellung\b.{0,80}\b(fehl|nicht|gescheitert)"
    r"|n.a (pas )?(pu|pu e?tre|pas pu [êe]tre) (\S+ ){0,3}(remis|d[ée]livr|distribu|livr)"
    r"|(remise|livraison|distribution)\b.{0,60}\b([ée]chou|impossible)|[ée]chec de la remise"
    r"|n.a pas pu|n.ont pas pu|n.a pas [ée]t[ée] (remis|distribu|d[ée]livr)|non remis"
    r"|no (se )?(ha podido|pudo|puede|ha sido) (ser )?entreg|no pudo ser|n[ãa]o p[ôo]de ser"
    r"|n[ãa]o foi (poss[íi]vel|entregue)|nao pode ser|non [èe] stato (possibile|recapitato)"
    r"|impossibile (recapitare|consegnare)|kon niet (worden )?(bezorgd|afgeleverd)"
    r"|nie (mo[żz]e|mog[łl]a|zosta[łl]a)\b.{0,20}dostarcz|kunde inte levereras"
    r"|kunne ikke leveres|не (может|могут|было|удалось)\b.{0,30}достав|не доставлен"
    r"|配信できません|送信できません|届けられません|配達できません|无法(投递|送达|发送)|无法到达|被退回",
    re.IGNORECASE | re.DOTALL,
)
"""What their text says."""
DELAYED = re.compile(
    r"not yet been delivered|ha(s|ve) been delayed|delivery (is |has been )?(delayed|postponed)"
    r"|\bpostponed\b|warning message only|this is (just |only )?a warning|still being retried"
    r"|no action is required on your part|delivery attempts will continue|will (be retried|retry)"
    r"|will (continue|keep) (to )?(try|trying|attempt)|will be (attempted|tried) again"
    r"|message (is |has been )?delayed|temporarily deferred|could not send message for past"
    r"|delivery.{0,20}\(delay(ed)?\)|delivery delayed|noch nicht (zugestellt|ausgeliefert)"
    r"|verz[öo]ger(t|ung)|weitere zustellversuche|weiterhin versuch|retard[ée]e?\b"
    r"|a [ée]t[ée] retard"
    r"|pas encore [ée]t[ée]|sera r[ée]essay|se ha retrasado|a[úu]n no se ha|ancora stat[oa] consegn"
    r"|nog niet bezorgd|задерж|まだ配信|遅延",
    re.IGNORECASE,
)
GIVEN_UP = re.compile(
    r"not going to try again|given up|giving up|(queue|retry) too long|retry timeout exceeded"
    r"|failed permanently|permanent(ly)? (fail|fatal|error)|is a permanent error|expired"
    r"|endg[üu]ltig|aufgegeben|abandonn|d[ée]finitive?ment",
    re.IGNORECASE,
)
"""What a notice of failure says that may also tell of a delay."""
AWAY = re.compile(
    r"out of (the )?office|auto(matic|matische|matisch|mated)?[ -]?(reply|response|respon[ds]er"
    r"|answer"
    r"|acknowled)|autoreply|autoreponse|away from|on (vacation|holiday|leave)|vacation\b|i am away"
    r"|abwesen|nicht im (b[üu]ro|haus)|automatische antwort|automatisch erstellte|urlaub"
    r"|eingangsbest"
    r"|r[ée]ponse automatique|absence|absent\b|en cong[ée]|accus[ée] de r[ée]ception"
    r"|respuesta autom|fuera de la oficina|ausen(te|cia)|resposta autom|fora do escrit"
    r"|risposta automatica|fuori (sede|ufficio)|afwezig|automatisch antwoord|automatisk svar"
    r"|fr[åa]nvaro|autoodpowied|автоответ|自動(返信|応答)|不在|自动(回复|答复)"
    r"|^(thank you for|we (have )?received|your (request|ticket|message)\b.{0,30}received)"
    r"|ticket|\[#\d|received your|has been received|re[çc]u votre",
    re.IGNORECASE,
)
"""Subjects of answers that a reader's machine gave."""
CHALLENGE = re.compile(
    r"(confirm|verify|prove) (that )?(you|your)\b.{0,40}(human|real|person|address|identity|e-?mail"
    r"|message|request)|click (on )?(the|this) link .{0,40}(deliver|confirm|release|verify)"
    r"|(one.?time|sender) verification|approved sender|challenge|held (for|pending|until)\b"
    r"|awaiting (your |moderator )?(confirm|approval)|best[äa]tigen sie|best[äa]tigung erforderlich"
    r"|boxbe|spamarrest|tmda|earthlink spamblocker|confirmez|whitelist request",
    re.IGNORECASE,
)
"""What asks a stranger to prove something before a message is delivered."""
COPY = re.compile(
    r"(?im)^[ \t>*|=_-]{0,80}(-{2,80}|_{2,80}|={2,80})?[ \t]{0,9}(below (this|the next) line is"
    r"|this is a copy"
    r"|(a )?copy of (the|your)|(start of )?(the )?(original|old|returned|unsent|source|undelivered)"
    r" (message|mail|e-?mail)|(the )?(message )?header of the|message (header|text) follows"
    r"|header of the source|returned mail|forwarded message|the header and|the first \d+ lines"
    r"|mensaje original|mensagem original|urspr[üu]ngliche nachricht|original-?nachricht"
    r"|message d'origine|message original|messaggio originale|oorspronkelijk bericht"
    r"|your message reads|here is a copy|kopie (der|ihrer) nachricht|es folgt)"
    r"|^>?(received: (from|by|\()|return-path: <|x-original-to: )"
)
"""Where, in a notice, the copy of the message begins."""
