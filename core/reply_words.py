"""The words of replies that accept a time, by language: a closed vocabulary, so that whatever else is said is a doubt.

A reply is read in one language at a time, wholly or not at all. So no word needs to be known for what it denies: `not`,
`unless`, `other` and all that no one has thought of are simply not here. A word goes in only if, together with any
others of its language, it cannot turn a yes into something else.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from core.word_lists import words

_DAYS = 7


@dataclass(frozen=True)
class Language:
    """What is known of a language.

    Attributes:
        nouns: what a number or an ordinal may name: slot, option.
        articles: what may stand before an ordinal that stands for a slot.
        ordinals, numbers: word to number; numbers only count behind a noun.
        weekdays, months: word to 0 (Monday) to 6, and 1 to 12.
        at: what makes the number behind it an hour.
        hours: what makes the number in front of it an hour.
        known: all other words.
        phrases: what is said only together.
        vetoes: what known words mean together that each alone does not.
        asks: words that, opening a sentence, make a question of it.
    """

    nouns: frozenset[str]
    articles: frozenset[str]
    ordinals: Mapping[str, int]
    numbers: Mapping[str, int]
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    at: frozenset[str]
    hours: frozenset[str]
    known: frozenset[str]
    phrases: re.Pattern[str]
    vetoes: re.Pattern[str]
    asks: frozenset[str]


def _spellings(word: str) -> set[str]:
    """Return a word as it is also typed: without accents, with German digraphs. An accent may be all that tells yes."""
    if word in ("sí", "sì"):
        return {word}
    bare = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    digraphs = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return {word, bare.replace("ł", "l").replace("ø", "o"), digraphs, word.replace("ß", "ss")}


def _all(text: str) -> frozenset[str]:
    return frozenset(spelling for word in words(text) for spelling in _spellings(word))


def _numbered(text: str, first: int) -> dict[str, int]:
    """Read `one/uno two/dos`: groups of words that mean the same, counted from `first`."""
    groups = enumerate(text.split(), first)
    return {spelling: number for number, group in groups for word in group.split("/") for spelling in _spellings(word)}


def _pattern(text: str) -> re.Pattern[str]:
    """Read alternatives that are written over several lines."""
    joined = re.sub(r"(?<=[|(?])\s*\n\s*", "", text.strip())
    joined = re.sub(r"\s*\n\s*", " ", joined)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)")


def _language(**given: str) -> Language:
    return Language(
        nouns=_all("slot option nr no. n° nº num # " + given["nouns"]),
        articles=_all(given.get("articles", "")),
        ordinals=_numbered(given.get("ordinals", ""), 1),
        numbers=_numbered(given.get("numbers", ""), 1),
        weekdays=_numbered(given["weekdays"], 0),
        months=_numbered(given["months"], 1),
        at=_all(given["at"]),
        hours=_all("h " + given.get("hours", "")),
        known=_all("ok okay perfect super " + given["known"]),
        phrases=_pattern(given["phrases"]),
        vetoes=_pattern(given.get("vetoes", r"(?!)")),
        asks=_all(given.get("asks", "")),
    )


LANGUAGES: Mapping[str, Language] = {
    "en": _language(
        nouns="choice number alternative proposal suggestion time",
        articles="the your",
        ordinals="first/1st second/2nd third/3rd fourth/4th fifth/5th",
        numbers="one two three four five",
        weekdays="monday/mon tuesday/tue/tues wednesday/wed/weds thursday/thu/thur/thurs friday/fri saturday/sat sunday/sun",
        months="january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept"
        " october/oct november/nov december/dec",
        at="at @",
        hours="o'clock oclock",
        known="""
            i i'm i'd i'll me we we're we'd we'll us it it's that that's this the a an is are am would will can do be
            works work suits suit fits fit good great fine excellent wonderful brilliant lovely ideal convenient
            yes yep yeah sure absolutely definitely certainly gladly please thanks thank cheers with for on of to
            let's lets take choose pick choosing picking opt prefer like love happy glad well very really then and
            confirmed confirm confirming book accept accepted accepting agreed sounds looks one make still hi hello
            dear nice deal
        """,
        phrases="""(?:i'?m|i am|we'?re|we are) (?:free|available)|(?:go|going) (?:ahead )?(?:with|for)|let'?s (?:go|talk|
            meet|speak|chat)(?: on)?|happy to (?:talk|meet|speak|chat|connect)|(?:have|for) (?:a|the|our|this) (?:quick )?
            (?:call|chat|meeting|conversation)|can do|thank you(?: (?:so|very) much)?(?: for (?:your|the) (?:e-?mail|message|note|offer|proposal|suggestions?|
            options|invitation))?|thanks (?:so much|a lot)|many thanks|thanks for (?:reaching out|getting in touch|
            (?:your|the) (?:quick )?(?:e-?mail|message|note|offer|proposal|suggestions?|options|reply|response))|
            (?:i'?m |i am |we'?re |we are |i |we )?(?:really |very much )?looking? forward(?: to (?:it|our (?:call|chat|
            meeting|conversation)|(?:speaking|talking|meeting|chatting|connecting)(?: (?:with|to) you)?|meeting you|
            hearing (?:more|from you)|the (?:call|meeting|invitation|invite)))?|(?:see|talk to|speak to|speak with) you
            (?:then|there|soon)|talk (?:then|soon)|speak (?:then|soon)|have a (?:nice|good|great|lovely)
            (?:day|weekend|week|evening|one)|sorry for (?:the|my) (?:late|delayed|slow) (?:reply|response|answer)|sorry
            for the delay|apologies for the (?:delay|late reply)|(?:please |kindly )?(?:send|share) (?:me |over |us )?
            (?:the|an|a|your) (?:calendar )?(?:invite|invitation)|(?:works|fits|suits|is (?:good|fine|great)) best
            (?:for|with) me|(?:works|suits me|suits|fits) best|(?:in|on) my (?:calendar|diary|schedule)|(?:on|from) my
            (?:end|side)|my (?:choice|preference|pick) is|(?:it'?s|that'?s|i have it) in the (?:calendar|diary)|count me
            in|put me down for|sign me up for|as (?:proposed|suggested|offered)|all the best|of course|no problem""",
        asks="would is are do does can will",
    ),
    "de": _language(
        nouns="termin nummer möglichkeit alternative vorschlag variante zeitfenster terminvorschlag zeitpunkt wahl",
        articles="der die das den dem ersten ihr ihren",
        ordinals="erste/ersten/erster/erstes/erstem zweite/zweiten/zweiter/zweites/zweitem dritte/dritten/dritter/drittes"
        " vierte/vierten fünfte/fünften",
        numbers="eins zwei drei vier fünf",
        weekdays="montag/mo dienstag/di mittwoch/mi donnerstag/do freitag/fr samstag/sa/sonnabend sonntag/so",
        months="januar/jan/jänner februar/feb märz/mär april/apr mai juni/jun juli/jul august/aug september/sep/sept"
        " oktober/okt november/nov dezember/dez",
        at="um",
        hours="uhr",
        known="""
            ich wir mir mich uns der die das den dem ein einen eine einem ist sind wäre passt passend geht nehme
            nehmen wähle wählen würde würden gern gerne gut sehr prima perfekt wunderbar ideal toll bestens bestätige
            bestätigen bestätigt ja klar bitte danke dank vielen herzlichen am im in für mit zum und dann da
            hervorragend optimal bevorzuge einverstanden ordnung kann können verfügbar hiermit
            buchen buche es ausgezeichnet abgemacht hallo liebe lieber guten tag besten herzlich entscheide
        """,
        phrases="""(?:vielen |besten |herzlichen |lieben )?dank(?:e)?(?: ihnen| dir)? für (?:ihre|deine|die|den|das|ihren|
            deinen) (?:nachricht|mail|e-?mail|anfrage|vorschläge|terminvorschläge|vorschlag|angebot|schnelle antwort)|
            ich freue mich(?: sehr| schon)*(?: darauf| auf (?:das|unser|den|die) (?:gespräch|telefonat|treffen|termin|
            austausch|einladung))?|freue mich(?: sehr| schon)*(?: darauf)?|bis (?:dann|dahin|bald)|(?:einen )?schönen tag(?: noch)?|schöne woche|schönes wochenende|bin (?:ich )?dabei|passt mir am besten|am besten|kein problem|
            (?:da )?(?:habe ich|hab ich|ich habe) zeit|habe zeit|sage(?: ich)?(?: hiermit)?(?: gerne?)? zu|ist mir recht|
            würde (?:mir )?(?:gut |sehr gut |perfekt )?passen|
            alles klar|zur bestätigung|bitte (?:um|senden sie mir|schicken sie mir) (?:die |eine )?einladung|
            in den kalender""",
        asks="geht kann können ist sind wäre haben würde würden",
    ),
    "fr": _language(
        nouns="créneau choix proposition horaire numéro possibilité",
        articles="le la l du au votre",
        ordinals="premier/première/1er/1ère deuxième/second/seconde/2e/2ème troisième/3e/3ème quatrième cinquième",
        numbers="un deux trois quatre cinq",
        weekdays="lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim",
        months="janvier/janv février/févr mars avril/avr mai juin juillet/juil août septembre/sept octobre/oct"
        " novembre/nov décembre/déc",
        at="à",
        hours="heures heure",
        known="""
            je nous me m moi j il c ce cela ça le la les l un une de du des d à au est sera serait convient
            conviennent va bien très parfait parfaite parfaitement idéal excellent oui accord entendu volontiers avec
            plaisir pour prends prendrai choisis choisirai retiens préfère merci beaucoup svp confirme confirmer confirmé
            valide validé noté et donc bon bonne marche fonctionne arrange opte bonjour
            bonsoir madame monsieur chère cher génial vous prenons disons
        """,
        phrases="""s'il (?:vous|te) pla[iî]t|merci (?:beaucoup |bien )?(?:pour|de) (?:votre|vos|ton|cette|la)
            (?:message|mail|e-?mail|propositions?|retour|réponse)|bonne (?:journée|soirée|semaine|fin de journée)|(?:je )?suis
            (?:libre|dispo|disponible)|partons sur|(?:je )?suis partante? pour|belle journée|à (?:bientôt|très vite|très bientôt)|au plaisir(?: d'échanger(?: avec vous)?| de vous (?:parler|
            rencontrer))?|pas de (?:souci|problème)|c'est noté|vous pouvez m'envoyer l'invitation""",
        asks="est",
    ),
    "es": _language(
        nouns="opción horario turno hueco alternativa propuesta número franja",
        articles="el la lo al",
        ordinals="primero/primera/primer/1º/1ª segundo/segunda/2º/2ª tercero/tercera/tercer/3º/3ª cuarto/cuarta quinto/quinta",
        numbers="uno dos tres cuatro cinco",
        weekdays="lunes/lun martes/mar miércoles/mié jueves/jue viernes/vie sábado/sáb domingo/dom",
        months="enero/ene febrero/feb marzo/mar abril/abr mayo junio/jun julio/jul agosto/ago septiembre/sept/sep"
        " octubre/oct noviembre/nov diciembre/dic",
        at="las",
        hours="horas hora hs hrs",
        known="""
            yo me nos mí a el la los las lo un una es está sería va vale bien muy perfecto perfecta perfectamente genial
            estupendo estupenda ideal excelente viene parece de del al por favor gracias muchas sí claro acuerdo con en
            para prefiero elijo escojo tomo reservo confirmo confirmado confirmada queda quedamos puedo
            encantado encantada y entonces conviene funciona sirve buenos días buenas tardes hola estimado estimada este
            esta ese esa agendamos agenda fenomenal día vendría
        """,
        phrases="""(?:muchas )?gracias por (?:su|tu|el|la|escribir|las) ?(?:mensaje|correo|propuestas?|opciones|respuesta)?|
            estoy (?:libre|disponible)|nos vemos(?: entonces| ese día)?|hasta (?:entonces|pronto|luego)|(?:que tenga |que tengas )?(?:un )?buen día|
            quedo a la espera(?: de la invitación)?|sin problema|por supuesto|desde luego|nos hablamos|cuente conmigo""",
    ),
    "it": _language(
        nouns="opzione orario proposta alternativa numero fascia",
        articles="il lo la l al del",
        ordinals="primo/1º secondo/2º terzo/terza/3º quarto quinto",
        numbers="uno due tre quattro cinque",
        weekdays="lunedì/lun martedì/mar mercoledì/mer giovedì/gio venerdì/ven sabato/sab domenica/dom",
        months="gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago settembre/set"
        " ottobre/ott novembre/nov dicembre/dic",
        at="alle ore all",
        hours="ore",
        known="""
            io mi me ci noi il lo la i gli le l un una è e va vanno bene benissimo perfetto perfetta perfettamente ottimo
            ottima ideale sì certo certamente volentieri grazie mille prego per con in alle all al a di del d accordo
            scelgo prendo preferisco confermo confermato confermata accetto posso sarebbe
            fissiamo funziona comodo comoda allora buongiorno buonasera salve gentile giorno opto
            facciamo andrebbe
        """,
        phrases="""per (?:favore|cortesia|piacere)|(?:grazie|ringrazio) (?:mille )?per (?:la|il|le|l') ?(?:messaggio|mail|e-?mail|
            proposta|proposte|disponibilità)|sono (?:liber[oa]|disponibile)|a (?:presto|dopo)|buona (?:giornata|serata|settimana)|
            ci (?:sentiamo|vediamo)(?: allora)?|resto in attesa(?: dell'invito)?|nessun problema|la prima
            (?=opzione|proposta|fascia)|la seconda (?=opzione|proposta|fascia)""",
    ),
    "pt": _language(
        nouns="opção horário alternativa proposta número vaga",
        articles="o a",
        ordinals="primeiro/primeira/1º/1ª segundo/2º/2ª terceiro/terceira/3º/3ª",
        numbers="um dois três quatro cinco",
        weekdays="segunda-feira/seg terça-feira/terça/ter quarta-feira/quarta/qua quinta-feira/quinta/qui sexta-feira/sexta/sex"
        " sábado/sáb domingo/dom",
        months="janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set"
        " outubro/out novembro/nov dezembro/dez",
        at="às as",
        hours="horas hora hs",
        known="""
            eu me mim nos nós o a os as um uma é está fica bem ótimo ótima perfeito perfeita excelente ideal sim claro
            combinado certo confirmo confirmado confirmada prefiro escolho aceito funciona serve para por favor obrigado
            obrigada muito muita de do da na em às à com e então posso agendar marcar
            beleza bom boa dia olá prezado prezada caro cara seria ficaria
        """,
        phrases="""(?:muito )?obrigad[oa] (?:pela|pelo|pelas|por sua|pela sua) (?:mensagem|proposta|e-?mail|contato|resposta|
            opções)|estou (?:livre|disponível)|até (?:lá|breve|logo|então)|no (?=dia|horário|sábado|domingo)|bom trabalho|boa semana|sem problemas?|
            com certeza|fico no aguardo(?: do convite)?|nos falamos|nos vemos""",
    ),
    "nl": _language(
        nouns="optie keuze voorstel tijdstip moment nummer",
        articles="de het",
        ordinals="eerste/1e/1ste tweede/2e/2de derde/3e/3de vierde vijfde",
        numbers="één/een twee drie vier vijf",
        weekdays="maandag/ma dinsdag/di woensdag/wo donderdag/do vrijdag/vr zaterdag/za zondag/zo",
        months="januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep/sept"
        " oktober/okt november/nov december/dec",
        at="om",
        hours="uur",
        known="""
            ik wij we me mij ons het de een dat dit is zijn past passen schikt goed prima uitstekend graag oké ja
            akkoord dank bedankt wel om op in aan voor met en dan kies kiezen neem kan kunnen beschikbaar
            lijkt bevestig bevestigd geweldig fijn mooi heel erg zeer alvast beste hallo dag geachte hoi wil bij deze
            zou
        """,
        phrases="""(?:hartelijk |heel erg )?(?:dank|bedankt) voor (?:uw|je|jouw|het|de) (?:bericht|mail|e-?mail|voorstel|voorstellen|
            uitnodiging|reactie)|tot (?:dan|snel|binnenkort)|(?:ik )?kijk (?:er ?naar|ernaar) uit|
            komt (?:mij |me |ons )?(?:heel |erg |zeer )?(?:goed )?uit|heb ik tijd|ik heb tijd|fijne dag(?: nog)?|prettige dag|geen probleem|dank (?:u|je)(?: wel)?|
            alvast bedankt""",
        vetoes="(?:is|zijn) (?:op|past|voor|aan)",
        asks="kan kunnen is zijn zou",
    ),
    "pl": _language(
        nouns="termin opcja opcję opcji propozycja propozycję numer godzina wariant",
        articles="ten tę ta",
        ordinals="pierwszy/pierwsza/pierwszą/pierwszego",
        numbers="jeden dwa trzy",
        weekdays="poniedziałek/pon wtorek/wt środa/środę/śr czwartek/czw piątek/pt sobota/sobotę niedziela/niedzielę",
        months="stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec lipca/lipiec"
        " sierpnia/sierpień września/wrzesień października/październik listopada/listopad grudnia/grudzień",
        at="o godz godzinie godzina",
        hours="",
        known="""
            mi mnie ja to jest będzie pasuje odpowiada wybieram poproszę proszę biorę potwierdzam tak dobrze świetnie
            idealnie dziękuję dzięki bardzo o w we na z i jasne chętnie mogę zgoda godz godzinie dla termin ten ta tę
            dzień dobry witam cześć pani panie
        """,
        phrases="""do zobaczenia|do usłyszenia|miłego dnia|z przyjemnością|jestem (?:woln[ya]|dostępn[ya])|nie ma problemu|
            (?:dziękuję|dzięki) za (?:wiadomość|propozycję|propozycje|maila)""",
    ),
    "sv": _language(
        nouns="alternativ tid nummer förslag alternativet",
        articles="den det",
        ordinals="första",
        numbers="ett två tre",
        weekdays="måndag/mån/måndagen tisdag/tis/tisdagen onsdag/ons/onsdagen torsdag/tors/torsdagen fredag/fre/fredagen"
        " lördag/lör söndag/sön",
        months="januari/jan februari/feb mars april/apr maj juni/jun juli/jul augusti/aug september/sep oktober/okt"
        " november/nov december/dec",
        at="kl klockan",
        hours="",
        known="""
            jag vi mig oss det den de är blir passar passa fungerar funkar bra utmärkt perfekt toppen jättebra fint gärna
            ja okej tack så mycket väljer tar bokar bekräftar på i kl klockan till för med och då kan
            alldeles hej hallå vill vore
        """,
        phrases="""tack för (?:ditt|mejlet|ditt mejl|förslagen|förslaget|ditt meddelande)|vi (?:hörs|ses)(?: då)?|går (?:alldeles )?(?:bra|utmärkt)|ser fram
            emot (?:det|samtalet|mötet)|ha en (?:bra|fin|trevlig) dag|inga problem""",
        asks="kan går är passar fungerar",
    ),
    "da": _language(
        nouns="mulighed forslag tid tidspunkt nummer",
        articles="den det",
        ordinals="første",
        numbers="en/et to tre",
        weekdays="mandag/man tirsdag/tirs onsdag/ons torsdag/tors fredag/fre lørdag/lør søndag/søn",
        months="januar/jan februar/feb marts april/apr maj juni/jun juli/jul august/aug september/sep oktober/okt"
        " november/nov december/dec",
        at="kl klokken",
        hours="",
        known="""
            jeg vi mig os det den de er bliver passer passe fint godt perfekt gerne ja tak mange vælger tager bekræfter på i
            kl klokken til for med og så kan fungerer udmærket dejligt hej kære vil rigtig virker
        """,
        phrases="""tak for (?:din|mailen|din mail|forslagene|din besked)|vi (?:ses|tales ved|snakkes)|glæder mig(?: til (?:det|
            samtalen|mødet))?|hav en god dag|det er helt fint|på forhånd tak""",
        asks="kan er passer",
    ),
    "nb": _language(
        nouns="alternativ mulighet forslag tid tidspunkt nummer",
        articles="den det",
        ordinals="første",
        numbers="en/ett to tre",
        weekdays="mandag/man tirsdag/tirs onsdag/ons torsdag/tors fredag/fre lørdag/lør søndag/søn",
        months="januar/jan februar/feb mars april/apr mai juni/jun juli/jul august/aug september/sep oktober/okt"
        " november/nov desember/des",
        at="kl klokka klokken",
        hours="",
        known="""
            jeg vi meg oss det den de er blir passer passe fint bra godt perfekt supert gjerne ja takk mange velger tar
            bekrefter på i kl klokka klokken til for med og så kan fungerer utmerket flott hei kjære vil veldig
        """,
        phrases="""takk for (?:mailen|e-?posten|meldingen|forslagene)|vi (?:ses|snakkes)(?: da)?|ser frem til (?:det|samtalen|
            møtet)|gleder meg(?: til (?:det|samtalen|møtet))?|ha en (?:fin|god) dag|tusen takk|på forhånd takk""",
        asks="kan er passer",
    ),
    "ru": _language(
        nouns="вариант слот номер опция",
        articles="этот",
        ordinals="первый/первого второй третий",
        numbers="один два три",
        weekdays="понедельник/пн вторник/вт среда/среду/ср четверг/чт пятница/пятницу/пт суббота/субботу/сб"
        " воскресенье/вс",
        months="января/январь февраля/февраль марта/март апреля/апрель мая/май июня/июнь июля/июль августа/август"
        " сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь",
        at="в",
        hours="часов",
        known="""
            мне нам я это да подходит подойдет подойдёт удобно устраивает хорошо отлично прекрасно идеально спасибо большое
            пожалуйста выбираю беру подтверждаю в во на и с давайте согласен согласна ок буду добрый день здравствуйте
            удобен вполне этот
        """,
        phrases="""до (?:встречи|связи|свидания)|хорошего дня|спасибо за (?:письмо|предложение|сообщение)""",
    ),
}

GREETINGS = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|day|evening)|hallo|guten (?:tag|morgen|abend)|moin|servus|"
    r"liebe[rs]?|sehr geehrte[rs]?|grüezi|bonjour|bonsoir|salut|chère|cher|hola|buenos días|buenas(?: tardes)?|"
    r"estimad[oa]s?|ciao|buongiorno|buonasera|salve|gentile|olá|oi|bom dia|boa tarde|prezad[oa]|car[oa]|hoi|dag|"
    r"beste|geachte|goede(?:morgen|middag|ndag)|dzień dobry|witam|cześć|szanown[ya]|hej|hei|kjære|kära|kære|god dag|"
    r"добрый день|здравствуйте|привет|уважаем(?:ый|ая))(?!\w)",
    re.IGNORECASE,
)
HONORIFICS = words("mr mrs ms mx dr prof herr frau mme m monsieur madame sr sra señor señora sig signor signora dhr mevr")
CLOSINGS = _all(
    """
    best kind warm warmest many regards wishes thanks thank you cheers sincerely yours truly faithfully all the cordially
    mit freundlichen freundlichem grüßen grüße gruß viele beste besten liebe lieben herzliche schöne vg lg mfg bg dank danke
    cordialement bien à vous cordiales salutations meilleures sincères merci amicalement respectueusement
    saludos un saludo cordial cordiales atentamente gracias abrazo
    cordiali distinti saluti grazie saluto cordialità
    atenciosamente obrigado obrigada abraço abraços cumprimentos att
    met vriendelijke hartelijke groet groeten mvg bedankt groetjes
    pozdrawiam serdecznie z poważaniem dziękuję pozdrowieniami
    med vänlig vänliga hälsning hälsningar mvh tack bästa venlig venlige hilsen hilsener tak vennlig beste takk
    с уважением наилучшими пожеланиями спасибо
    """
)
"""Words of the line that ends a letter."""
REFUSALS = _all(
    """
    no not nope never none neither nor cannot can't cant won't don't doesn't unfortunately sorry cancel cancelled
    impossible unavailable ps p.s nb edit update correction wait actually instead except but unless nothing
    nein nicht kein keine keiner keinen leider niemals absage storno unmöglich doch außer aber statt
    non ne pas aucun aucune jamais désolé hélas annuler impossible sauf mais
    nunca ninguno ninguna tampoco lamentablemente desgraciadamente imposible cancelar excepto pero
    nessuno nessuna mai purtroppo annullare impossibile tranne però
    não nao nenhum nenhuma infelizmente impossível cancelar exceto
    nee niet geen nooit helaas onmogelijk annuleren behalve maar
    nie żaden nigdy niestety niemożliwe inte ingen aldrig tyvärr ikke ingen aldri dessverre desværre omöjligt umulig
    нет не никогда сожалению отмена
    """
)
"""Words that a name or a signature does not hold."""
DEVICES = re.compile(
    r"\s*(?:sent from|von meinem|gesendet (?:von|mit)|envoyé (?:de|depuis|à partir)|enviado (?:desde|do|a partir)|inviato "
    r"da|verzonden (?:vanaf|met)|verstuurd vanaf|skickat från|sendt fra|wysłane z|get outlook|outlook für|"
    r"télécharger outlook|отправлено (?:с|из))\b",
    re.IGNORECASE,
)
DISCLAIMERS = re.compile(
    r"confidential|confidenti|vertraulich|riservat|vertrouwelijk|poufn|intended recipient|destinatari|disclaimer|"
    r"confidencia|bestimmungsgemäß|конфиденциал",
    re.IGNORECASE,
)
