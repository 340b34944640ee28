"""Small word lists that tell kinds of cells apart: given names, salutations, states of a lead, countries."""

from core.text.countries import country_words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIRST_NAMES = _words(
    """james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark
    donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary
    nicholas eric jonathan stephen larry justin scott brandon benjamin samuel frank gregory raymond alexander
    patrick jack dennis jerry tyler aaron jose adam nathan henry zachary douglas peter kyle noah ethan jeremy walter
    christian keith roger terry austin sean gerald carl harold dylan arthur lawrence jordan jesse bryan billy bruce
    gabriel joe logan alan juan albert willie elijah wayne randy vincent mary patricia jennifer linda elizabeth
    barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol
    amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda
    pamela nicole anna samantha katherine christine helen debra rachel carolyn janet maria catherine heather diane
    olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan cheryl
    jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice judy isabella
    julia grace amber denise danielle marilyn beverly charlotte natalie theresa diana brittany bob bill jim mike tom
    dave steve chris dan matt alex sam ben nick tony greg jeff tim kate jane liz sue kim max leo lucas oliver oscar
    harry charlie jake luke liam mason lily ella mia zoe chloe sophie lucy ellie ava amelia ada grace alan priya
    rahul amit raj ravi sanjay vijay anil suresh ramesh rajesh sunil deepak arun manoj anita sunita neha pooja sneha
    kavita kiran rohan arjun aditya vikram vivek nikhil rohit ankit karan varun akash abhishek ashok harish ganesh
    krishna lakshmi meera divya shreya ananya aisha fatima mohammed muhammad mohamed ahmed ali omar hassan hussein
    ibrahim khalid yusuf youssef mustafa mahmoud abdullah layla noor sara zainab mariam khan imran hans peter klaus
    wolfgang jurgen dieter manfred uwe gunter horst bernd werner helmut gerhard stefan andreas thomas michael frank
    markus matthias martin christian sebastian florian tobias jan jens sven lars torsten thorsten ralf rolf karl
    heinz kurt otto fritz franz josef johannes lukas felix jonas leon paul finn elias moritz ursula monika petra
    sabine renate helga karin brigitte ingrid erika gisela susanne angelika heike claudia birgit andrea martina
    gabriele silke kerstin katrin katharina nadine anja stefanie sandra nicole julia lena lea hannah marie sophie
    johanna theo ludwig greta heidi jorg bjorn jean pierre michel andre philippe alain bernard jacques daniel gerard
    claude christophe patrick nicolas frederic laurent stephane olivier julien sebastien guillaume francois pascal
    thierry eric bruno antoine vincent hugo louis jules arthur gabriel mathieu maxime alexandre benoit yves henri
    marc luc camille nathalie isabelle sylvie catherine francoise monique valerie veronique sandrine celine aurelie
    emilie julie claire manon chloe lea elodie audrey virginie helene brigitte chantal antonio manuel jose francisco
    javier carlos miguel angel rafael pedro alejandro fernando luis sergio jorge alberto pablo ramon enrique andres
    joaquin diego raul ruben ivan adrian alvaro oscar roberto ricardo eduardo mario cesar hector guillermo gustavo
    ernesto ignacio gonzalo marcos santiago mateo carmen josefa isabel dolores pilar teresa rosa mercedes lucia
    elena marta cristina paula raquel silvia beatriz rocio sofia valentina camila daniela gabriela fernanda mariana
    ana patricia alejandra adriana natalia monica veronica lorena joao paulo tiago rui nuno bruno marcelo rodrigo
    leonardo thiago felipe gustavo vinicius ines joana catarina beatriz larissa juliana luciana renata aline vanessa
    giuseppe giovanni antonio mario luigi francesco angelo vincenzo pietro salvatore carlo franco domenico bruno
    paolo marco andrea luca matteo alessandro stefano roberto simone davide lorenzo fabio massimo claudio giorgio
    giulia chiara francesca sara martina valentina alessia elisa silvia federica paola jan kees piet henk willem
    gerrit johan dirk maarten jeroen bas sander daan sem bram pieter joost wouter marieke anouk sanne femke lotte
    inge els piotr krzysztof andrzej tomasz pawel marcin michal grzegorz jozef lukasz adam zbigniew jakub mateusz
    wojciech kamil katarzyna malgorzata agnieszka barbara ewa magdalena joanna aleksandra zofia monika beata marta
    erik anders johan nils magnus mats olof gustav henrik mikael fredrik astrid ingrid freja linnea maja sofie mette
    kirsten anne birgitte jens niels soren lars ole pekka mikko jukka kari ivan sergei sergey dmitry dmitri alexei
    andrei vladimir nikolai olga natalia tatiana svetlana ekaterina elena irina yulia anastasia petr pavel jiri jana
    tomas zoltan istvan laszlo gabor wei li ming jing yan hui yuki hiroshi kenji takashi sakura tanaka min jun hyun
    ji kwame kofi chinedu ngozi amara oluwaseun tunde mehmet mustafa ayse fatma emre murat zeynep dimitris giorgos
    nikos eleni yannis grace aaliyah ingmar ewan fiona hamish niamh siobhan conor"""
)

HONORIFICS = _words(
    """mr mrs ms miss mx dr prof sir madam herr frau hr fr dipl-ing dr-ing prof dr mag ing m mme mlle monsieur madame
    sr sra srta senor senora don dona dott dott ssa sig sig ra signor signora dhr mevr mw pan pani hon rev herrn dr
    med lic lcdo lcda eng sri smt shri"""
) | {"prof dr", "prof. dr", "dr. med", "dipl.-ing", "dr.-ing", "sig.ra", "dott.ssa"}

STATUS_WORDS = _words(
    """new open contacted qualified unqualified working nurturing closed won lost hot warm cold active inactive pending
    converted interested lead customer prospect subscriber opportunity dead archived deleted done booked scheduled
    neu offen kontaktiert qualifiziert gewonnen verloren aktiv inaktiv nuevo contactado calificado ganado perdido
    activo inactivo novo contatado qualificado ganho perdido ativo inativo nouveau contacte qualifie gagne perdu
    actif inactif cliente attivo inattivo nuovo valid invalid bounced unsubscribed subscribed"""
)

SIZE_WORDS = _words(
    """small medium large enterprise micro startup smb sme mid midmarket mid-market klein mittel gross kmu konzern
    petite moyenne grande pme eti tpe pequena mediana grande micro piccola media solo self-employed freelance
    employees mitarbeiter me epp demais"""
)

COUNTRIES = country_words()
