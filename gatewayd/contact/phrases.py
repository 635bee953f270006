"""How people say that they want no more messages: in Spanish, Portuguese and English, as words without accents.

Expressions are for texts of lower-case words with one blank between them; none repeats what repeats.
"""

from __future__ import annotations

import re
from typing import Final


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in lines for phrase in line.split("|"))


COMMANDS: Final = _phrases(
    "baja|la baja|de baja|mi baja|dar baja|dar de baja|dar la baja|darse de baja|darme de baja|dame de baja",
    "dame la baja|denme de baja|denme la baja|deme de baja|deme la baja|dar me de baja|solicito baja",
    "solicito la baja|solicitar baja|solicito darme de baja|solicitar la baja|pido baja|pido la baja|quiero baja",
    "quiero la baja|quiero mi baja|quiero dar de baja|quiero darme de baja|quiero que me den de baja",
    "quisiera darme de baja|deseo darme de baja|deseo la baja|deseo dar de baja|necesito la baja",
    "necesito darme de baja|me doy de baja|doy de baja|baja ya|baja inmediata|baja definitiva|baja mensajes",
    "baja sms|baja lista|baja total|baja urgente|pedido de baja|salir|salirme|quiero salir|quiero salirme",
    "salir de la lista|salir del grupo|detener|detenganse|detengase|detener todo|detener promociones|parar|paren",
    "paren ya|parenla|pare|pare ya|pare con esto|paren con esto|alto|basta|basta ya|ya basta|basta de mensajes",
    "no mas|no mas mensajes|no mas sms|nunca mas|quit|end|desuscribir|desuscribirme|desuscribirse|desuscribete",
    "desuscribanme|desuscriban|desuscripcion|desuscribo|desinscribir|desinscribirme|desinscribanme|desafiliar",
    "desafiliarme|desafilienme|anular suscripcion|de suscribir|de suscribirme|cancelar|cancelar suscripcion",
    "cancelar la suscripcion|cancelar mensajes|cancelar envio|cancelar sms|cancelen|eliminar|eliminarme",
    "eliminenme|borrar|borrarme|borrenme|borrame|quitar|quitarme|quitenme|quitame|saquenme|sacame|sacarme|remover",
    "removerme|removeme|remuevanme|remuevame|no molestar|no molesten|no molestes|no moleste|no molesten mas",
    "no molestar mas|no jodan|no jodan mas|no contactar|no llamar|no llamen|no llamar mas|no enviar|no enviar mas",
    "no mandar|no mandar mas|no escribir|no escribir mas|equivocado|numero equivocado|nro equivocado",
    "num equivocado|telefono equivocado|celular equivocado|n equivocado|persona equivocada|contacto equivocado",
    "numero erroneo|numero incorrecto|no soy|no soy yo|no soy esa persona|no es mi numero|numero errado",
    "wrong number|wrong person|not me|stop|stopall|stop all|stopp|stop it|stop now|stop promotions",
    "stop promociones|stop spam|para|para ya|parad|unsubscribe|unsubscribed|unsubscribe me|unsub|unsuscribe",
    "unsubcribe|unsuscribirme|opt out|optout|opt me out|cancel|remove|remove me|revoke|do not disturb",
    "do not contact|do not call|leave me alone|sair|sair da lista|quero sair|descadastrar|descadastre|descadastro",
    "desinscrever|cancelar inscricao|me remova|me tira da lista|nao perturbe|nao perturbar|nao incomodar",
    "nao enviar|nao enviar mais|parem|remova|dejar de recibir|dejenme en paz|dejeme en paz|dejame en paz",
    "dejenme tranquilo|dejenme tranquila|dejeme tranquilo|dejeme tranquila|me deixem em paz|me deixe em paz",
    "quitar suscripcion|quitar la suscripcion|desactivar suscripcion|salir ya|elimineme|eliminame|borreme|quiteme",
    "saqueme|retirenme|retireme|retirame|retirarme|parar de receber|pare com isso|parem com isso",
)
"""What is an opt-out when it is all that a text, its first line or its first sentence says."""

POLITE: Final = re.compile(
    r"\b(?:por favor|porfavor|porfa|porfis|x favor|xfavor|xfa|pls|plz|please|favor de|por gentileza"
    r"|muchas gracias|mil gracias|gracias|grax|thank you|thanks|obrigad[oa]"
    r"|hola|holis|ola|hello|buenas tardes|buenas noches|buenas|buenos dias|buen dia|boa tarde|bom dia"
    r"|saludos|saludo|atte|atentamente|cordialmente|estimad[oa]s?|senores|senor|senora|sres|disculpe|disculpen|disculpa"
    r"|perdon|ok"
    r"|enviado desde (?:mi \w+|\w+)(?: de \w+)?|sent from my \w+(?: \w+)?)\b"
)

_MESSAGES: Final = (
    r"(?:mensajes?|mensajitos?|msjs?|mjes?|sms|textos?|whats\w*|wsp|wasap|wpp|avisos?|publicidad(?:es)?|propagandas?"
    r"|promos?|promociones|ofertas?|correos?|mails?|emails?|notificaciones|recordatorios?|nada|cosas|esto|estos|spam"
    r"|boletines|newsletters?|info|informacion)"
)
_DO: Final = (
    r"(?:escrib(?:an|as|a|ir|irme)|mand(?:en|es|e|ar|arme)|envi(?:en|es|e|ar|arme)|llam(?:en|es|e|ar|arme)"
    r"|molest(?:en|es|e|ar|arme)|contact(?:en|es|e|ar|arme)|mensaje(?:en|es)|jod(?:an|as|er)|insistan|hinchen|rompan"
    r"|ching(?:uen|ues|ar)|fastidi(?:en|es|ar))"
)
_DOING: Final = (
    r"(?:escribiendo|mandando|enviando|llamando|molestando|contactando|mensajeando|jodiendo|insistiendo|hinchando"
    r"|chingando|fastidiando|hostigando|acosando)"
)
_TO_DO: Final = (
    r"(?:escribir|mandar|enviar|llamar|molestar|contactar|mensajear|joder|hinchar|romper|insistir|hostigar|acosar"
    r"|chingar|fastidiar)"
)
_WHICH: Final = r"(?:mas |sus |estos |esos |estas |esas |este tipo de |tantos |tantas |ningun |ninguna |los |las )"
_OF_THINGS: Final = (
    r"(?! (?:la|el|las|los|a la|a las|a el|a mi|con el|con la|con los|con las)"
    r" (?!mensaj|sms|promo|public|avis|notific|numero|nro|tel|cel|movil|casa))"
    r"(?! (?:tarde|temprano|seguido|(?:por )?(?:hoy|ahora)|de (?:un|una|dos|tres|las|noche|madrugada|manana|[0-9]+))\b)"
    r"(?! (?:tecnic|factur|fatur|bolet|papel|comprobant|contrat|visit|equip|cobrador|cort|plata|dinero))"
)
"""Behind "no more": the bill, the visit … are wanted no more, not the messages; or they are, but later."""
_ADS: Final = (
    r"(?:mensajes?|mensajitos?|msjs?|mjes?|sms|textos|publicidad(?:es)?|propagandas?|promos?|promociones|ofertas?|spam"
    r"|notificaciones|recordatorios|newsletters?|boletines)"
)
"""Messages that are called so: who wants none of them wants no messages."""
_NUMBER: Final = r"(?:numero|nro|telefono|tel|celular|cel|contacto|mail|correo|email|datos)"
_LIST: Final = (
    r"(?:la|su|sus|tu|tus|vuestra|esta|esa|las|el|los)"
    r" (?:lista|listas|base|bases|agenda|sistema|registros?|contactos|grupo)"
)
_AWAY: Final = (
    r"(?:borr|elimin|sac|sa[cq]u|quit|retir|remuev|dar de baj|den de baj)(?:ar|arme|en|enme|ame|a|e|eme|an|anme)?"
)

_NOT_IT: Final = (
    r"(?! (?:me )?(?:the|a|an|my|late|before|after|at|until|on|today|tonight)\b(?! (?:text|messag|sms|mail)))"
)
"""The same in English."""
_NO_MORE_OF: Final = r"(?! (?:o |a |os |as )?(?:tecnic|fatur|bolet|cobrador|papel|tarde|cedo))"
"""The same in Portuguese."""

SAYS_SO: Final = re.compile(
    r"\b(?:"
    # Spanish
    rf"no (?:me |nos |quiero que me |quiero que )?{_DO} (?:mas|nunca|jamas)\b{_OF_THINGS}"
    rf"|no (?:me |nos )?vuelva[ns]? a {_TO_DO}(?:me|nos)?\b{_OF_THINGS}"
    rf"|no (?:me |nos )?{_DO} {_WHICH}?{_MESSAGES}\b"
    rf"|no (?:me |nos ){_DO}$"
    rf"|(?<!no )dej(?:en|enme|eme|ame) (?:de|d) {_TO_DO}(?:me|nos)?\b{_OF_THINGS}"
    rf"|(?<!no )dejar de recibir {_WHICH}?{_WHICH}?{_MESSAGES}\b"
    r"|(?:quiero|deseo|quisiera|queremos|pido|solicito|exijo|necesito) dejar de recibir(?:l[oa]s?)?$"
    rf"|no (?:quiero|deseo|quisiera|queremos) que me {_DO}\b{_OF_THINGS}"
    rf"|no (?:quiero|deseo|quisiera|queremos) (?:seguir )?recibi(?:r|endo)(?: mas)?$"
    rf"|no (?:quiero|deseo|quisiera|queremos) (?:seguir )?recibi(?:r|endo) {_WHICH}?{_WHICH}?{_MESSAGES}\b"
    rf"|no (?:quiero|deseo|quisiera|queremos) mas$"
    rf"|no (?:quiero|deseo|quisiera|queremos) {_WHICH}{_WHICH}?{_MESSAGES}\b"
    rf"|no (?:mas|manden mas|envien mas|quiero mas) {_MESSAGES}\b"
    rf"|basta (?:de|con) {_WHICH}?{_MESSAGES}\b"
    rf"|{_AWAY}(?: a)?(?: mi| este| el| me)?(?: {_NUMBER})? de {_LIST}\b"
    rf"|no (?:me |nos )?(?:sig(?:an|a|as)|and(?:en|e|es)|est(?:en|e|es)) {_DOING}\b{_OF_THINGS}"
    r"|no (?:chinguen|chingues|jodas|fastidien|insistan)$"
    rf"|no (?:quiero|deseo|quisiera|queremos) {_ADS}$"
    rf"|(?:cancel(?:en|e|ar)|desactiv(?:en|e|ar)|anul(?:en|e|ar)|deten(?:gan|ga|er)|par(?:en|enla|enle|ar)|alto|fin|termin(?:en|e|ar)|suspend(?:an|a|er)"
    rf"|corten(?:la)?) (?:a |de |con |el envio de )?(?:los |las |sus |estos |esos |esas |tantos |tanta )?{_ADS}\b"
    r"|(?:pido|quiero|exijo|solicito|deseo|necesito) que me (?:borr|elimin|saqu|quit|retir|remuev)[ae]n$"
    r"|(?<!no )(?:quiero|deseo|solicito|pido|exijo|quisiera)"
    r" ser (?:eliminad|removid|retirad|borrad|quitad|excluid)[oa] de\b"
    r"|no (?:quiero|deseo|quisiera|queremos) ser (?:contactad|molestad|llamad)[oa]s?\b"
    rf"|(?:baj|saqu|sac|quit|borr|elimin)(?:en|a|e)me de (?:{_LIST}|ahi|aca|aqui)\b"
    rf"|(?:borr|elimin|suprim)(?:en|an|a|e|ar) mis datos\b(?! (?:de pago|bancarios|de la tarjeta))"
    r"|(?:revoco|retiro) (?:el|mi) (?:consentimiento|autorizacion)\b"
    r"|baja (?:al?|del?|para|este|mi) (?:el )?(?:numero |nro |tel |telefono |celular |cel )?[0-9]{6,15}\b"
    rf"|(?:de |la )?baja (?:del?|a|para) {_WHICH}?(?:{_MESSAGES}|servicio de {_MESSAGES}|la lista"
    r"|esta lista|su lista|este numero|mi numero)\b"
    # English
    rf"|(?:stop|quit) (?:texting|messaging|sending|calling|contacting|writing|emailing|spamming|bothering)\b{_NOT_IT}"
    rf"|(?:do not|dont|don t|never) (?:text|message|msg|contact|call|email|write|send|bother)\b{_NOT_IT}"
    r"|(?:remove|take|get) (?:me|my number|this number) (?:from|off|out)\b"
    r"(?! (?:of )?(?:\w{1,20} ){0,3}(?:plan|billing|service|contract)\b)"
    r"|(?:lose|delete|erase|remove) my (?:number|phone|contact)\b"
    r"|no more (?:messages|texts|sms|emails|calls)\b"
    # Portuguese
    r"|nao (?:me )?(?:envi\w{1,4}|mand\w{1,4}|lig\w{1,4}|escrev\w{1,4}|incomod\w{1,4}|perturb\w{1,4}) mais\b"
    rf"{_NO_MORE_OF}"
    r"|nao (?:quero|desejo) (?:mais )?(?:receber|mensagens|mensagem|sms)\b"
    r"|par(?:e|em|a) de (?:me )?(?:enviar|mandar|ligar|escrever|incomodar|perturbar|encher)\b"
    rf"{_NO_MORE_OF}"
    r"|(?:tire|tirem|remova|exclua) me d(?:a|essa|esta) lista\b"
    r"|me (?:tir|remov|exclu|retir)\w{1,4} d(?:a|essa|esta) lista\b"
    r"|(?:tir|remov|exclu|retir|apag)\w{1,4} (?:o )?(?:meu|este|esse) (?:numero|telefone|celular|contato|cadastro)\b"
    r"|chega de (?:mensage(?:m|ns)|sms|ligac\w{1,4}|propagandas?|spam)\b"
    r"|(?:esse|este) numero nao e (?:mais )?(?:meu|dele|dela)\b|nao sou (?:essa|esta|a) pessoa\b|^nao quero mais$"
    r")"
)
"""What is an opt-out wherever it stands in a text, unless that is a long one."""

MAY_SAY_SO: Final = re.compile(
    r"\b(?:"
    rf"(?<!no )(?:dej(?:en|enme|a|ame|e|eme|es)|par(?:en|a|e)|cesen) (?:de|d) (?:\w+ )?{_TO_DO}(?:me|nos)?\b"
    rf"{_OF_THINGS}"
    r"|(?:quiero|quisiera|necesito|deseo|solicito|pido|exijo|dar|darme|darse|denme|deme|dame|den)"
    r"(?: me| dar| darme| mi)? (?:la |de )baja\b"
    r"|(?:numero|nro|num|telefono|celular|cel|persona|contacto|linea) (?:equivocad[oa]|erroneo|errado|incorrecto)\b"
    r"|equivocad[oa]s? de (?:numero|persona|telefono)\b"
    r"|equivoc(?:aron|o|ado|an) (?:de|el) (?:numero|persona|telefono)\b"
    r"|wrong (?:number|person)\b"
    r"|desuscrib(?:ir|irme|irse|an|anme|ame|eme|e)\b|desinscrib(?:ir|irme|an|anme)\b|desafili(?:ar|arme|en|enme)\b"
    rf"|{_AWAY}(?: a)?(?: mi| este| el)? {_NUMBER}\b"
    rf"|no (?:me |nos )?molest(?:en|es|e|ar)\b{_OF_THINGS}"
    r"|unsubscribe\b|unsub\b|opt (?:me )?out\b|please stop\b|stop this\b|descadastr\w{1,4}\b|sair da lista\b"
    r"|salir(?:me)? de (?:la|esta|su) lista\b|^baja al? [0-9]{3,5}$"
    r"|(?:dejen|deje|deja)(?:me|nos) (?:en paz|tranquil[oa]s?)\b"
    r")"
)
"""What is an opt-out in a short text that asks nothing and speaks of nothing else."""

NEGATED: Final = re.compile(
    r"\b(?:"
    r"no (?:(?:me|nos|se|lo|la|quiero|quisiera|deseo|queremos|que|voy a|pienso|pedi|pido) ){0,4}"
    r"(?:(?:d[ae]n|des|de|dar|darme|darse|doy|dieron) (?:la |de )?baja|cancel\w{1,4}|desuscrib\w{1,5}|desinscrib\w{1,5}"
    rf"|salir(?:me)? de|{_AWAY}(?: a)?(?: mi| este| el)?(?: {_NUMBER})?(?: de)? {_LIST}"
    rf"|{_AWAY}(?: a)?(?: mi| este| el)? {_NUMBER})\b"
    r"|no (?:quiero|quisiera|deseo|pedi|pido|solicito|queremos) (?:la |mi |de )?baja\b"
    r"|(?:do not|dont|don t|never) (?:remove|unsubscribe|opt|stop|cancel|delete|take)\b"
    r"|nao (?:(?:me|quero|desejo) ){0,2}(?:tir|remov|exclu|retir|apag|sair|descadastr)\w{0,5}\b"
    r")"
)
"""What asks for the contrary of an opt-out in an opt-out's words, or may."""

MAY_BE_COMMANDS: Final = _phrases(
    "suspender|suspendan",
    "fin|final|finalizar|arret|off|apagar|terminar|anular|suprimir|fuck off|vayanse|no insistan|bloquear|bloqueado"
    "|bajenme|bajame|me bajo|desactivar|errado|engano|foi engano|e engano|no text|no texts|no sms",
)
"""What is worth a person's look when it is all that a text says."""

OFTEN: Final = ("baja", "stop", "salir", "cancelar", "basta", "detener", "eliminar", "unsubscribe", "desuscribir")
"""Commands that are found through a slip of the fingers as well."""

NO_SLIPS: Final = _phrases("aja|bajo|caja|paja|raja|faja|shop|step|top|salio|sali|salid|pasta|casta|hasta|vasta|basto")
"""Words of their own that are one letter away from them."""

REFUSING: Final = frozenset("\U0001f6ab\u274c\U0001f6d1\u26d4\u270b\U0001f515\U0001f595")
"""Signs that say no where nothing else is said."""

MENTIONS: Final = re.compile(
    r"\b(?:baja|bajas|vaja|stop|unsubscribe\w{0,3}|desuscri\w{1,9}|desinscri\w{1,9}|desafili\w{1,9}|salir(?:me)? de"
    r"|equivocad[oa]s?|equivoc(?:aron|an)|no soy|no (?:lo |la )?conozco"
    r"|otra persona|se confundieron|no vive (?:mas )?(?:aca|aqui|ahi)|fallecio|fallecida|fallecido|numero (?:ya )?no es"
    r"|no es (?:el|mi|su|este) (?:numero|telefono|celular)|spam|denunci\w{1,9}|no autoric\w{1,4}|no autorizo|no llame"
    r"|ley 25326|no me interesa|molest(?:en|es|ar|ando|an)|acos\w{1,6}|hostig\w{1,9}|cancelar|parar|opt out"
    r"|no quiero (?:mas|recibir)|no deseo|dejen de|basta|no more|do not|dont text"
    r"|consentimiento|habeas data|(?:derecho|derechos) (?:de|a la|arco)|supresion|oposicion|arco|prohib\w{1,5}"
    r"|(?:los|te|lo|la) (?:voy a |vamos a )?bloque\w{1,4}|hinchar|hueve\w{1,4}|webe\w{1,4}|dejense de|rompan"
    r"|no vive (?:ningun|nadie|ninguna)|(?:aca|aqui|ahi) no vive|no es mi deuda|se equivocan?"
    r"|no pertenece|cambio de numero|no es cliente|equivocaste|nao autorizo|sign up"
    r"|never (?:call|text|write|send)|(?:remove|take) me|nao (?:me )?(?:mand|envi|lig|escrev)\w{1,4}"
    rf"|no (?:me|nos) {_DO}|nao quero|descadastr\w{{1,6}}|remover|removerme|wrong)\b"
)
"""What makes a text worth a person's look."""

OTHERWISE: Final = re.compile(
    r"\b(?:cuando|si|que|como|no|me|se|te|le|les|nunca|siempre|esta|es|muy|mas|tan|demasiado|planta|temporada|clase|gama"
    r"|voz|en|tension|presion|senal|velocidad|conexion|internet|wifi|precio|calidad|sube|sube y|y) baja\b"
    r"|\b(?<!de )(?<!la )baja (?:el|los|las|a la|a las|al|la (?!lista)|un|una|mi|su|sus|mucho|tanto"
    r"|bastante|velocidad|presion|tension|calidad"
    r"|senal|intensidad|potencia|temperatura|california|todo|todos|cada|y sube|\d+)\b"
    r"|\bcancelar (?:todo|toda|lo|con|antes|manana|hoy|en|al|por)\b"
    r"|\bcancelar (?:(?:la|el|mi|esa|ese|las|los|mis|una|un|su) )?(?:\w{1,20} )?"
    r"(?:deudas?|facturas?|cuotas?|pagos?|total|saldo|importe|monto|boletas?|resto)\b"
    r"|\bparar? (?:la|el|a|de|que|los|las|mi|un|una)\b|\bsin parar\b|\bno molest\w{1,3} a\b"
)
"""Where those words mean something else."""

LATER: Final = re.compile(
    r"\b(?:trabajando|durmiendo|ahora|hoy|horas?|horarios?|noches?|madrugada|domingos?|sabados?|feriados?|siesta|luego"
    r"|despues|tarde|reunion|manejando"
    r"|temprano|hasta (?!cuando)\w{1,20}|manana"
    r"|today|tonight|night|before|after|tomorrow|hoje|agora|amanha|noite|cedo)\b"
)
"""What means: not now."""

FOR_GOOD: Final = re.compile(r"\b(?:mas|nunca|jamas|again|anymore|ever|mais)\b")

ELSEWHERE: Final = re.compile(
    r"\b(?<!no )(?<!no me )(?:mandenme|manden|mandame|manda|envienme|envien|enviame|prefiero|mejor|solo"
    r"|solamente|unicamente) (?:por|al|via|whats\w{0,4}|wsp|wpp|mails?|correos?|emails?|sms)\b"
    r"|\b(?:manden|envien|mande|envie|manda|envia)(?:mel|l)[oa]s?\b"
)
"""What asks for messages, by another way."""

TOPICS: Final = re.compile(
    r"\b(?:velocidad|internet|precios?|senal|servicios?|facturas?|boletas?|cuotas?|deudas?|plan|planes|pagos?|pagar|pague"
    r"|paga|pagado|cobr\w{1,6}|presion|tension|luz|agua|gas|cable|wifi|router|modem|megas?|mb|conexion|instal\w{1,9}"
    r"|tecnico|reclamo|monto|importe|saldo|pedido|turno|cita|direccion|domicilio|tarjeta|banco|cbu|alias|cuenta|linea)\b"
)
"""What people write to a firm about besides."""

SMALL_WORDS: Final = _phrases(
    "a|al|como|con|cuando|de|del|donde|e|el|ella|en|es|esa|ese|esta|este|esto|fue|ha|hay|la|las|le|les|lo|los|mas",
    "me|mi|mis|muy|ni|no|nos|o|para|pero|por|porque|que|se|si|sin|sobre|son|su|sus|te|tu|un|una|y|ya|yo|the|of|to",
    "in|is|my|it|da|do|dos|das|em|os|as|um|uma",
)
"""What no name consists of; `de` and `la` may stand in one, but seldom behind a command."""
