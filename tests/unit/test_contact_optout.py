"""What received texts say about further messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.contact.optout import judge, opt_out_words
from gatewayd.contact.said import Verdict, words_of

COMMANDS = """
BAJA SALIR ALTO PARAR PARE PAREN DETENER CANCELAR DESUSCRIBIR DESUSCRIBIRME DESUSCRIPCION STOP STOPALL UNSUBSCRIBE
QUIT END REMOVER SAIR BASTA EQUIVOCADO ELIMINAR ELIMINARME REMOVE CANCEL DESCADASTRAR
"""

FORMS = (
    "{}",
    " {} ",
    "{}.",
    "{}!!!",
    '"{}"',
    "«{}»",
    "*{}*",
    "({})",
    "{} por favor",
    "Por favor {}",
    "{}, gracias",
    "Hola, {}",
    "Buenos días. {}. Saludos",
    "{}\nJuan Pérez",
    "{}\n--\nJuan Pérez\nNorte SRL\nTel. 4321-0000",
    "{}\n\nEnviado desde mi iPhone",
    "{}. Juan Pérez",
    "{} - Ana Gómez",
    "{} Juan Perez",
    "{} {}",
    "{} \U0001f621\U0001f621",
    "\U0001f6ab {}",
    "Hola\n{}\nGracias",
    "{}\r\n",
    "\ufeff{}\u200b",
)

YES = """
SALIR YA
elimíneme
Retírenme por favor
parar de receber
Parem com isso
NO+
no+ mensajes
dejar de recibir
quiero dejar de recibir mensajes
quiero dejar de recibir esto
déjenme en paz
Señores, déjenme tranquila por favor
remova
BAJA al 12345
Baja por favor
B A J A
b.a.j.a
BAJAAAA
baja baja baja
BAJA 40404
1 BAJA
baja1
ba ja
por favor no enviar mensajes
Baja del servicio de mensajes
Déjenme de molestar
BAJA JUAN PEREZ
BAJA DNI 30123456
báJA
S T O P
dar de baja
Dar de baja por favor
quiero darme de baja
Quiero la baja
quiero darme de baja de los mensajes
Denme de baja de esta lista
¿me pueden dar de baja de la lista?
solicito la baja
Solicito la baja, gracias. Ana
me quiero dar de baja de estos mensajes
no me escriban más
No me escriban mas por favor, ya les pagué la semana pasada en el Rapipago
no me manden más mensajes
no me manden mas sms!!
No me envíen más nada
no me llamen más
no me llamen más a este número
no me molesten más
No molestar
no molesten
NO MOLESTEN MÁS
No me vuelvan a escribir
No vuelvan a llamarme
no me manden publicidad
no quiero recibir más mensajes
No quiero recibir sus promociones
no quiero más mensajes
no quiero que me escriban
dejen de escribirme
Dejen de molestar
paren de mandar mensajes
basta de mensajes
No más mensajes
por favor dejen de mandar mensajes que ya pagué
ya pagué, dejen de molestar
Yo no tengo servicio con ustedes, no me escriban
me cansé, no me escriban más
no me escriban más por WhatsApp
número equivocado
numero equivocado
Nro. equivocado
Número equivocado, no soy Juan
Hola, numero equivocado
Se equivocaron de número
está equivocado de número
wrong number
Wrong number, sorry
NO SOY
Equivocado
borren mi número
Borren mi numero de la lista
sáquenme de la lista
Sacame de la lista
eliminen mi número de su base
desuscríbanme
quiero desuscribirme
Stop texting me
please stop
Stop please
stop sending me messages
do not text me
Don't contact me
Remove me from your list
take me off this list
unsubscribe me
Unsubscribe please
opt out
STOP ALL
no more messages
não quero mais receber mensagens
não me envie mais mensagens
pare de me enviar mensagens
quero sair
Sair da lista
me tira dessa lista
número errado
descadastrar
Ya no vivo ahí. Baja
no + sms
no me envíen + mensajes por favor
no sigan mandando mensajes
No me anden molestando
ya no chinguen
no quiero publicidad
cancelen los mensajes
parenla con los mensajes
Alto a los mensajes
pido que me borren
Sacame de tu lista
Baja al 1159876543
BAJAA
bajja
salirr
lose my number
delete my number
tirem meu número da lista
por favor me retirem da lista
parem de me encher
chega de mensagem
esse número não é meu
não sou essa pessoa
excluir meu cadastro
solicito ser eliminado de su base de datos
quiero ser removido de la lista
no quiero ser contactado
No deseo ser molestado
bájenme de la lista
hasta cuándo con los mensajes, sáquenme de ahí
eliminen mis datos
revoco mi autorización
desactiven los mensajes
quitar suscripción
parem
Tire-me da lista
""".strip().splitlines()

NO = """
Trabaja
Trabajo de lunes a viernes, llame después
¿Tienen baja velocidad en la zona?
baja velocidad en mi casa hace tres días
BAJA VELOCIDAD DE INTERNET
Tengo la señal muy baja
el internet esta con velocidad baja
No pude pagar
cuándo baja el precio
¿Cuándo baja la cuota?
la temperatura baja a la noche
vivo en planta baja
Ya pagué ayer, gracias
ok
Gracias
No
si
no gracias
No tengo internet
No me llegó la factura
no me mandaron la factura
no me funciona el wifi
No me escribieron todavía
no puedo salir a pagar hoy, voy mañana
Salgo de trabajar y pago
quiero cancelar la deuda
¿Cómo hago para cancelar la factura?
mañana cancelo la cuota
quiero pagar
ya pagué, no me corten el servicio
no quiero que me corten
¿Por qué me cortaron?
Quién habla?
Me pueden llamar?
Quiero cancelar mi deuda en cuotas
la semana que viene cancelo todo
Paren de cobrar de más
Baja la intensidad por la noche
el número de cuenta es incorrecto
para cuándo vence?
Puedo pagar en dos partes
Disculpe la molestia, quería saber el saldo
no molesta, gracias
me equivoqué al pagar
Buenas tardes, soy Juan y quería el alta del servicio
alta
Altoparlante
nonstop
Restop
Stopa
Trabajando en el parque
El fin de semana pago
endeudado
Quito 450, timbre 2
fin de mes
El precio es alto
Es alto el monto
quiero pagar el total
sí, soy yo
quiero + megas
Parra
bajar
paren los cortes
corten la deuda
fin del contrato
no sigan cobrando
chega de cortes
no quiero ser moroso
no quiero ser eliminado de la lista
sáquenme el recargo
bájenme el precio
retiro el módem mañana
no me bloqueen el servicio
anulen esa factura
actualicen mis datos
quero tirar meu modem

?
\U0001f44d
1
""".strip("\n").splitlines()

DOUBTFUL = """
SUSPENDER
bajame
acá no vive
no es mi deuda
Ud se equivoca
me di de baja el mes pasado y me siguen cobrando
no me molesten a esta hora
estoy trabajando, no me llamen
no envíen mail, manden whatsapp
no me manden más mensajes por mail, mándenlos por whatsapp
Quiero cancelar el servicio
BAJA DEL SERVICIO
Ese importe está equivocado
Juan falleció el año pasado
Este celular ahora es de otra persona
Juan no vive más acá
Quiero dar de baja el servicio de internet
¿Cómo me doy de baja?
Baja?
quiero cancelar
No me interesa
no soy Juan
Este no es el número de Juan
No soy el titular pero le aviso
esto es spam, los voy a denunciar
el número de factura está equivocado
no me envíen la factura por mail, mándenla por whatsapp
no me manden más la factura a esa dirección
baja juan perez
no me den de baja por favor
NO ME DEN DE BAJA
no quiero que me den de baja
No quiero darme de baja
no me saquen de la lista
no borren mi número
please don't remove me from the list
don't stop sending
não me tirem da lista
no me llamen más tarde de las 9
no me llamen más temprano
no me escriban más de una vez
no me manden más técnicos
no me manden más facturas de papel
no vuelvan a llamar hasta mañana
dejen de llamar a mi vecino
paren de llamar tan temprano
no molesten con el corte
stop sending the technician
stop calling me at night
never call after 8
remove me from paper billing
não mandem mais técnico
cancelar 1500
Cancelar $ 1500
bja
baj
los bloqueo
no me hueveen más
Ejerzo mi derecho de oposición
prohíbo que me escriban
este celular ya no pertenece a Juan
foi engano
não autorizo mensagens
atop
fin
🚫
❌❌
""".strip().splitlines()


@pytest.mark.parametrize("form", FORMS, ids=ascii)
@pytest.mark.parametrize("command", re.findall(r"\w+", COMMANDS))
def test_no_command_is_lost_however_it_is_written(command: str, form: str) -> None:
    for word in (command, command.lower(), command.capitalize()):
        assert judge(form.replace("{}", word)) is Verdict.YES, word


@pytest.mark.parametrize("text", YES)
def test_what_says_so_is_an_opt_out(text: str) -> None:
    for told in (text, text.upper(), text + " \U0001f64f", f"  {text}\n"):
        assert judge(told) is Verdict.YES, told


@pytest.mark.parametrize("text", NO)
def test_what_says_something_else_is_none(text: str) -> None:
    for told in (text, text.upper(), text + " \U0001f64f"):
        assert judge(told) is Verdict.NO, told


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_may_mean_it_is_for_a_person(text: str) -> None:
    assert judge(text) is Verdict.DOUBTFUL


DISCLAIMER = (
    "Este mensaje y sus adjuntos son confidenciales y van dirigidos a su destinatario. Si lo recibe por error, bórrelo"
    " y avise a quien lo envió. No se autoriza su copia ni su distribución. Antes de imprimir piense en el ambiente. "
) * 10


def test_what_is_below_the_head_of_a_long_text_takes_nothing_from_it() -> None:
    assert judge(f"BAJA\n\n--\nJuan Pérez\nNorte SRL\n{DISCLAIMER}") is Verdict.YES
    assert judge(f"No me escriban más.\n\n{DISCLAIMER}") is Verdict.YES
    assert judge(f"Ya pagué, gracias.\n\n{DISCLAIMER}") is Verdict.NO
    assert judge(f"{DISCLAIMER}\nY por todo esto, no me escriban más.") is Verdict.DOUBTFUL


@pytest.mark.parametrize(
    ("subject", "text", "verdict"),
    [
        ("BAJA", "", Verdict.YES),
        ("unsubscribe", "", Verdict.YES),
        ("Baja", "Enviado desde mi iPhone", Verdict.YES),
        ("RE: BAJA", "", Verdict.YES),
        ("Re: Aviso de baja de su servicio", "Gracias, ya pagué", Verdict.NO),
        ("Re: Factura", "BAJA", Verdict.YES),
        ("No me manden más correos", "", Verdict.YES),
        ("Consulta por la baja del servicio", "Buenas tardes", Verdict.DOUBTFUL),
        ("Factura", "ya pagué", Verdict.NO),
    ],
)
def test_a_subject_is_judged_but_for_what_a_reply_repeats(subject: str, text: str, verdict: Verdict) -> None:
    assert judge(text, subject) is verdict


def test_words_of_ones_own_count_as_the_built_in_ones() -> None:
    added = opt_out_words(["Fuera", "no va más", "  ", "¡!"])
    assert added == {"fuera", "no va mas"}
    assert judge("FUERA!", added=added) is Verdict.YES
    assert judge("No va más.\nJuan", added=added) is Verdict.YES
    assert judge("estoy fuera de casa", added=added) is Verdict.DOUBTFUL
    assert judge("FUERA") is Verdict.NO


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert judge(text, text) in Verdict
    assert words_of(words_of(text)) == words_of(text) or len(text) > 2
