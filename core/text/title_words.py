"""The words that job titles are made of, folded (lower case, no accents), in seven languages: data for `titles`.

A phrase stands for a whole part of a title ("chief executive officer"); heads and areas combine ("head" + "finance").
Sources: company registers' and Wikipedia's lists of corporate titles in each language.
"""

from core.text.word_lists import phrases, words

CEO = phrases(
    """
    ceo | chief executive | chief executive officer | chief exec | chief executive director | chief exec officer |
    gf | cmd | md | managing director | managing directors | geschaftsfuhrer | geschaftsfuhrern | geschaftsfuhrerin |
    geschaftsfuhrerinnen | geschaftsfuhrung | geschaftsleiter |
    geschaftsleiterin | geschaftsleitung | hauptgeschaftsfuhrer | hauptgeschaftsfuhrerin | alleingeschaftsfuhrer |
    alleingeschaftsfuhrerin | firmenleitung | unternehmensleitung | geschaftsfuhrender gesellschafter |
    geschaftsfuhrende gesellschafterin | geschaftsfuhrender inhaber | geschaftsfuhrende inhaberin |
    geschaftsfuhrender direktor | geschaftsfuhrende direktorin | gesellschafter geschaftsfuhrer | gesellschafter
    geschaftsfuhrerin | geschaftsfuhrende gesellschafter | gesellschaftergeschaftsfuhrer | geschaftsfuhrender
    vorstand | vorstandsvorsitzender | vorstandsvorsitzende | vorstandsvorsitz | vorsitzender geschaftsfuhrung |
    vorsitzende geschaftsfuhrung | vorsitzender vorstands | vorsitzende vorstands | vorsitzender vorstandes |
    vorstandssprecher | vorstandssprecherin | sprecher geschaftsfuhrung | sprecherin geschaftsfuhrung | gerant |
    gerante | gerant associe | gerante associee | associe gerant | associee gerante | dirigeant | dirigeante |
    directeur general | directrice generale | president directeur general | presidente directrice generale |
    presidente directeur general | pdg | p-dg | dg | chef entreprise | cheffe entreprise | chef d'entreprise |
    cheffe d'entreprise | directeur gerant | administrateur delegue | administratrice deleguee | gerente general |
    director general | directora general | director gerente | directora gerente | gerencia general | direccion
    general | consejero delegado | consejera delegada | director ejecutivo | directora ejecutiva | presidente
    ejecutivo | presidenta ejecutiva | administrador unico | administradora unica | diretor geral | diretora geral |
    diretor executivo | diretora executiva | diretor presidente | diretora presidente | presidente executivo |
    presidente executiva | socio gerente | socia gerente | socio administrador | socia administradora |
    administrador delegado | diretor superintendente | administradora delegada | gerente geral e diretor |
    amministratore delegato | amministratrice delegata | amministratore unico | amministratrice unica |
    direttore generale | direttrice generale | algemeen directeur | algemene directeur | algemeen directrice |
    directeur eigenaar | eigenaar directeur | directeur bestuurder | directeur grootaandeelhouder | statutair
    directeur | zaakvoerder | zaakvoerders | zaakvoerster | gerants | cogerants | cogerant | cogerante | directeurs
    generaux | amministratori delegati | gedelegeerd bestuurder | bedrijfsleider | bedrijfsleidster |
    verkstallande direktor | daglig leder | administrerende direktor | adm direktor | toimitusjohtaja | prezes
    zarzadu | jednatel | ugyvezeto | genel mudur
    """
)
COO = phrases(
    """
    coo | chief operating | chief operating officer | chief operations officer | chief operational officer | chief
    operations | chief operation officer | chief operative officer
    """
)
CFO = phrases(
    """
    cfo | chief financial | chief financial officer | chief finance officer | chief finance | chief financials
    officer | finanzvorstand | directeur administratif financier | directrice administrative financiere | daf |
    director administrativo financiero | diretor administrativo financeiro | direttore amministrativo finanziario
    """
)
CTO = phrases(
    """
    cto | chief technology | chief technology officer | chief technical officer | chief technical | chief
    technologies officer | chief tech officer | technikvorstand
    """
)
PRESIDENT = phrases(
    """
    president | presidente | presidenta | prasident | prasidentin
    """
)
OWNER = phrases(
    """
    founder | cofounder | founders | cofounders | owner | owners | coowner | proprietor | founding partner |
    founding member | founding principal | founding director | owner operator | managing partner | managing member |
    managing principal | principal owner | principal | executive director | inhaber | inhaberin | mitinhaber |
    mitinhaberin | geschaftsinhaber | geschaftsinhaberin | firmeninhaber | firmeninhaberin | grunder | grunderin |
    mitgrunder | mitgrunderin | firmengrunder | firmengrunderin | gesellschafter | gesellschafterin | eigentumer |
    eigentumerin | grunder inhaber | fondateur | fondatrice | cofondateur | cofondatrice | proprietaire | fundador |
    fundadora | cofundador | cofundadora | propietario | propietaria | dueno | duena | socio fundador | socia
    fundadora | socio director | socia directora | proprietario | proprietaria | dono | dona | socio proprietario |
    socia proprietaria | fondatore | cofondatore | cofondatrice | titolare | socio fondatore | socia fondatrice |
    eigenaar | eigenaresse | medeeigenaar | oprichter | oprichtster | medeoprichter | medeoprichtster | cooprichter
    | coeigenaar | cogrunder | cogrunderin | coproprietario | vennoot
    """
)

NEUTRAL = words(
    """
    co interim acting global group joint our the company corporate worldwide overall firm founding current sole
    executive chief senior alleiniger alleinige vertretungsberechtigter vertretungsberechtigte
    einzelvertretungsberechtigter einzelvertretungsberechtigte vertretungsberechtigten kaufmannischer kaufmannische
    technischer technische operativer operative chairman chairwoman chairperson chair founder cofounder owner der
    des die den die unser unsere le la les el los las il lo o a de d' van het onze notre nuestro nuestra nostro
    nosso ingenieur ing dipl dr mr mrs ms sr
    """
)
"""Words beside a phrase that change nothing: "Interim CEO", "Group CFO", "technischer Geschäftsführer"."""

HEADS = phrases(
    """
    vp | svp | evp | vice president | senior vice president | executive vice president | sr vice president | exec
    vice president | vicepresident | vice presidente | vicepresidente | vicepresidenta | head | global head | group
    head | director | senior director | sr director | executive director | managing director | leiter | leiterin |
    leitung | bereichsleiter | bereichsleiterin | bereichsleitung | direktor | direktorin | directeur | directrice |
    director | directora | diretor | diretora | direttore | direttrice | hoofd
    """
)
"""What stands before or after an area: "Head of Finance", "Finance Director"."""
HEADS_AFTER = phrases(
    """
    director | directeur | directrice | direktor | direktorin | head | vp | vice president | lead director |
    directrice | leiter | leiterin | leitung
    """
)

CONNECTORS = words(
    """
    of for de des du del della delle dei der die das da do das dos di van von fur im in bereich the la le les el los
    las d' l' & and und et y e en
    """
)
AREA_NEUTRAL = words(
    """
    global corporate group worldwide company international business firm overall general day-to-day head office
    """
)

FINANCE = phrases(
    """
    finance | finances | financial | finanzen | finanz | financien | finanzas | financas | finanza | financial
    affairs | finanz- rechnungswesen | rechnungswesen finanzen | finanzbuchhaltung controlling | financier |
    financiere | financiero | financiera | financeiro | financeira | finanziario | finanziaria | financieel |
    financiele zaken | finance administration | finance accounting | accounting finance
    """
)
OPERATIONS = phrases(
    """
    operations | operation | ops | operational | operating | operaciones | operacoes | operazioni | operaties |
    betrieb operations | operativo | operativa | operacional | operationnel | operationnelle | exploitation |
    d'exploitation | operationeel
    """
)
PAST = words(
    """
    former formerly ex past previous previously retired emeritus emerita late deceased ehemaliger ehemalige ehem
    fruherer fruhere verstorben ancien ancienne retraite retraitee anterior antiguo antigua jubilado jubilada
    aposentado aposentada antigo antiga pensionato pensionata voormalig voormalige oud alumni alumnus alumna
    outgoing departing
    """
)
NOW = words(
    """
    now currently current today aktuell aktueller aktuelle heute heutiger heutige derzeitiger derzeitige jetziger
    jetzige actuel actuelle actuellement actual actualmente atual atualmente attuale attualmente huidig huidige nu
    jetzt
    """
)
SUBORDINATE = words(
    """
    assistant asst assistants assistenz assistentin assistent asistente assistente assistante secretary secretaire
    secretaria segretaria sekretariat sekretarin pa ea aide deputy dy stellvertretender stellvertretende stv adjoint
    adjointe adjunto adjunta associate trainee intern junior jr advisor adviser advisors consultant coach mentor
    referent referentin beraterin berater buro office staff support stabsstelle fractional virtual outsourced vize
    vicegeschaftsfuhrer substituto vicedirettore elect designate reporting to gratuated candidate
    """
)
"""Somebody beside or below the post: what follows is the post they serve, not the one they hold."""
REGIONS = words(
    """
    america americas north south east west central northern southern eastern western emea apac latam europe european
    asia asean pacific africa gulf mena middle usa us uk germany france spain italy india china japan canada mexico
    brazil australia dach benelux nordic nordics iberia texas california colorado florida region regional country
    state states midwest northeast southeast northwest southwest deutschland osterreich schweiz espana italia brasil
    nederland belgie international apj anz oceania domestic overseas territory district area branch plant division
    divisional city
    """
)
AREAS = words(
    """
    sales marketing engineering product products commercial residential construction retail consumer enterprise
    business services service solutions solution unit growth client clients customer customers partnerships strategy
    strategic development project projects people hr talent technology technical innovation research digital design
    creative media content communications legal compliance quality safety procurement purchasing supply logistics
    manufacturing production it data security risk investment investments wealth private equity capital markets
    banking insurance health healthcare energy government public sector vertrieb technik einkauf personal
    entwicklung produktion verwaltung kommunikation ventes commerciale ventas comercial vendite vendas verkoop
    studies etudes programs programming education membership events advisory consulting delivery department
    departments accounts account affairs relations administration admin alliances academy training
    """
)

JOBS = words(
    """
    manager managerin director directors directeur directrice directora diretor diretora direttore direttrice
    direktor direktorin engineer engineers officer head lead leader chief chef cheffe vp svp evp avp president
    presidente presidenta prasident prasidentin vicepresident founder cofounder owner coowner partner consultant
    analyst assistant associate specialist coordinator administrator developer designer architect technician
    superintendent foreman estimator supervisor accountant controller comptroller bookkeeper secretary treasurer
    chairman chairwoman chairperson chair trustee advisor adviser counsel attorney lawyer scientist researcher
    professor lecturer teacher coach instructor recruiter representative agent broker buyer planner producer editor
    writer strategist marketer evangelist intern trainee apprentice principal fellow investor operator driver
    mechanic electrician plumber carpenter nurse doctor physician dentist therapist receptionist surveyor inspector
    programmer tester photographer artist musician ambassador liaison clerk dispatcher realtor paralegal proprietor
    buchhalter buchhalterin buchhaltung leiter leiterin leitung geschaftsfuhrer geschaftsfuhrerin geschaftsfuhrung
    geschaftsleitung geschaftsleiter inhaber inhaberin grunder grunderin mitarbeiter mitarbeiterin ingenieur
    ingenieurin techniker technikerin meister meisterin berater beraterin vertrieb einkauf verwaltung prokurist
    prokuristin sachbearbeiter sachbearbeiterin assistenz assistentin sekretariat auszubildende auszubildender azubi
    monteur bauleiter bauleiterin projektleiter projektleiterin vorstand vorstandsvorsitzender vorsitzende
    vorsitzender gesellschafter gesellschafterin entwickler entwicklerin vertriebsleiter vertriebsleiterin
    betriebsleiter finanzleiter kundenbetreuung disponent kaufmann kauffrau gerant gerante dirigeant dirigeante
    fondateur fondatrice responsable charge chargee technicien technicienne consultante comptable associe associee
    commercial commerciale secretaire redacteur redactrice urbaniste paysagiste conducteur conductrice developpeur
    developpeuse pdg assistante gestionnaire architecte juriste dessinateur gerente gerencia jefe jefa socio socia
    fundador fundadora ingeniero ingeniera coordinador coordinadora consejero consejera administrador administradora
    asesor asesora abogado abogada arquitecto arquitecta tecnico tecnica contador contadora analista encargado
    encargada vendedor vendedora coordenador coordenadora engenheiro engenheira supervisora consultora desenvolvedor
    desenvolvedora fondatore fondatrice amministratore amministratrice responsabile titolare ingegnere impiegato
    impiegata segretaria consulente architetto geometra eigenaar oprichter medewerker medewerkster adviseur
    bestuurder hoofd teamleider projectleider zaakvoerder zaakvoerders gerants bedrijfsleider vennoot monteur planner
    werkvoorbereider
    gf calculator uitvoerder prezes zarzadu dyrektor wiceprezes reditel ceo coo cfo cto cmo cio cpo cro ciso cso chro
    cmd pdg daf dga md dg cco cdo
    """
)
"""Words that make a text a job title at all."""

CREDENTIALS = words(
    """
    phd ph.d dphil mba emba ma ba bsc b.sc msc m.sc ms bs md m.d do jd j.d llb llm cpa cfa cma cpcu ca acca fca aca
    fcca pe p.e eit leed ap aia raia faia riba pmp shrm-cp sphr phr cissp esq esquire jr sr ii iii iv obe mbe cbe
    kbe frics mrics fcmi rn dds dmd dvm psyd edd mph mpa meng beng bcom mcom dipl-ing dipl.-ing dipl ing dipl-kfm
    dipl-wirt-ing mag bcom b.com b.e be btech b.tech m.tech mtech cga crpc cfp chfc clu ccim sior gri crs abr ctp
    cissp csm ceng miet fiet fice mice cpeng rpa fma cfm hon facs frcs frcp facp retd usn usmc usaf ret cpg lpc lcsw
    pharmd pharm.d msw dr prof b.a m.a llc
    """
)
