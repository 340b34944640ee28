"""Words that are not parts of a person's name though they are often written with capitals. Data for `core.text.names`.

Folded (lower case, no accents). Headings, menu entries, buttons, kinds of organisation, places and trades, in seven
languages. Words that are also common names (Grace, Mark, Young, Rose, Art) are left out on purpose.
"""

from core.text.title_words import AREAS, JOBS, REGIONS
from core.text.word_lists import words

COMMON = (
    words(
        """
        inside due load closing scrum aerospace consulting engineering marketing advertising shipping trading

    a about above academy access account accounts achievements across act action actions additional address advanced
    advertising advice after agency agreement ahead all also always an and annual another answers any app
    application applications apply approach apps are area areas around article articles as ask asset assets
    association assurance at audit author automation available award awards away back background be become been
    before begin behind being benefits best better between beyond big bio biography biographies blog blogs board
    boards book booking both brand brands brochure browse budget build builders building buildings built bulletin
    business businesses but button buy by calendar call campaign can care career careers case cases catalog
    categories category center centre certificate certificates certification certified challenge change channel
    charity chat check choose city civil classes clean click client clients close cloud club code collaboration
    collection college come comments commercial commitment committee community companies company compare complete
    compliance concept concrete conditions conference connect connected construction consultation consulting contact
    contacts content contract contractor contractors control cookie cookies copyright core corner corporate
    corporation council country course courses cover covid create created creating creative current custom customer
    customers cyber daily dashboard data date day days dear decades deliver delivering delivery demo department
    departments design designs details develop developing development device devices different digital direct
    directions directory discover discovery diversity do documents does donate donations download downloads driven
    each early easy education effective electric electrical electronics email emails employee employees employment
    empower end energy engage engineering enquiries enquiry enterprise entertainment environment equipment estate
    estimate ethics event events every everything excellence exhibition experience experienced expert expertise
    experts explore extra facebook facilities facility facts family faq faqs fast feature featured features
    federation feedback field file files film finance financial find fire first fleet floor focus follow food foot
    footer for form forms forum foundation founded free fresh from full fund funding fundraising further future
    gallery gas general get getting gift give giving global go goals good google governance government great green
    group groups growing growth guarantee guide guides hardware has have he head headquarters health healthcare
    heating hello help her here heritage hero high highlights him hire hiring his history holding holdings home
    homepage hospital host hotel hour hours house how human icon ideas if image images imagine impact improve in inc
    include included including inclusion independent industrial industries industry info information infrastructure
    initiative innovation innovative inquiries inquiry insight insights install installation institute insurance
    integrated integration integrity intelligence interested interior international internet into introducing
    introduction invest investment investments investor investors is issues it item items its job jobs join journal
    journey just keep key kitchen know knowledge lab labs land landscape language large largest last latest law
    leader leaders leadership leading learn learning legal less let level leverage library life light like limited
    link linkedin links list live llc llp local location locations log login logistics logo long look looking
    loyalty ltd machine made mail main maintenance make making manage managed management manufacturing map marine
    market marketing markets master material materials matters may me mechanical media medical meet meeting meetings
    member members membership menu message messages methodology metal milestones mission mobile model modern money
    month more most motor move much music my name national nature navigation need needs network networks never new
    news newsletter next night no non nonprofit not note notes notice now number of off offer offering offers office
    offices official oil on once one online only open opening opportunities opportunity optional or order
    organisation organization organizations original other others our out outstanding over overview own packages
    page pages paper part partner partners partnership partnerships parts past patients payment payments people
    perfect performance permission phone photo photos pipeline place plan planning plans plant plastic platform play
    please plumbing podcast policies policy popular portal portfolio position positions post posts power powered
    practice premium preparation present press prev previous price prices pricing principles print privacy private
    pro process processes product production products professional professionals profile profiles program programme
    programs project projects promise properties property protect protection proud provide provider providers
    provision public publications purpose quality question questions quick quote quotes range rates read ready real
    recent recommended recruitment recycling reference references regional register registered registration related
    release releases reliability reliable remote renewable rental repair replacement report reports request research
    reserved residential resource resources responsibility responsible results retail return returns review reviews
    right rights risk road roofing rooms safe safety sale sales sample satisfaction save schedule school schools
    science scope search secondary section sector sectors secure security see select send senior seo series serve
    served service services set settings shape share she shop show sign simple since site sitemap sites skills skip
    small smart so social society software solar solution solutions some something source space spaces special
    specialists specialities sponsors sponsorship sport sports spotlight staff standards start started startup
    startups state statement statements station status stay steel step steps stone store stories story strategic
    strategies strategy street structure student students studies studio study style subject submit subscribe
    subscription success successful summary summit supplier suppliers supply support sustainability sustainable
    system systems tabs take talent talk talks tax team teams tech technical technologies technology telephone terms
    test testimonial testimonials testing text than thank thanks that the their them then there these they thing
    things this those through time timeline timber title to today together toggle top total touch tour tours track
    trade trading training transfer transformation transparency transport travel treatment trends trial trust
    trusted try tutorials twitter type types under understanding unique unit units university up update updates
    upcoming us use used user users using value values vehicle vendors verified very via video videos view views
    virtual vision visit volunteer volunteers want warehouse warranty was waste watch water way ways we web webinar
    webinars website websites weekly welcome well were what when where which while white who whole why will-be win
    window windows with within without women wood word work workers working works workshop workshops world worldwide
    would write year years yes you your youth youtube zone zoom instagram whatsapp vcard bio monday tuesday
    wednesday thursday friday saturday sunday january february march april june july august september october
    november december lorem ipsum dolor consectetur adipiscing placeholder untitled unknown null undefined tbd tba
    vacant mergers acquisitions operations admin president vice staff chairman mr. inter-american sir/madam
    unlimited meanwhile however therefore although despite today's artificial cutting edge cutting-edge holidays
    united kingdom republic emirates arabia zealand lanka francisco angeles diego vegas york jersey hampshire
    carolina dakota father mother daughter brother sister wife husband sohn tochter vater mutter bruder schwester
    ehefrau fils fille frere soeur hijo hija hermano hermana filho filha irmao figlio figlia fratello zoon dochter
    broer zus i'm
    i've i'd i'll we're we've it's that's who's let's c'est j'ai state-of-the-art award-winning
    full-service one-stop
    """
    )
    | words(
        """
    uber unser unsere unserem unseren unserer wir uns sie ihr ihre ihren der die das den dem des ein eine einen
    einer und oder mit fur von vom zu zum zur bei im am an auf aus ist sind hat kontakt impressum datenschutz
    datenschutzerklarung agb startseite leistungen leistung referenzen aktuelles aktuell neuigkeiten karriere
    stellenangebote team unternehmen firma historie geschichte ansprechpartner angebot angebote produkte produkt
    anfahrt telefon telefax fax mail handelsregister registergericht amtsgericht steuernummer umsatzsteuer
    umsatzsteuer-id ust-idnr haftung inhalt inhalte angaben gemass vertreten durch verantwortlich anschrift adresse
    postanschrift strasse hauptstrasse standort standorte partner kunden mehr erfahren weiterlesen lesen sie
    anmelden suche menu willkommen herzlich downloads galerie bilder philosophie mitglieder verein stiftung
    gesellschaft handelskammer industrie handwerk handwerkskammer ihk bundesland deutschland bau bauen haus handel
    technik betrieb qualitat umwelt gmbh mbh ag kg ohg ug ev zertifikate zertifikat urheberrecht streitschlichtung
    plattform beratung planung ausfuhrung werkstatt montage service notdienst offnungszeiten montag dienstag
    mittwoch donnerstag freitag samstag sonntag januar februar marz mai juni juli oktober dezember buro zentrale
    niederlassung abteilung bereich redaktion gestaltung umsetzung konzeption webdesign bildnachweis fotos quelle
    """
    )
    | words(
        """
    a-propos propos notre nos votre vos nous vous le la les un une des du de et ou avec pour dans sur par est sont
    accueil actualites mentions legales equipe equipes entreprise societe contactez savoir plus suite lire decouvrir
    decouvrez nos-services prestations realisations references recrutement emploi carrieres histoire valeurs
    partenaires clients produits adresse telephone siege social capital immatriculee rcs siret siren tva hebergeur
    hebergement directeur-de-la-publication publication politique confidentialite conditions generales bureau etudes
    conseil metiers savoir-faire formation formations ateliers travaux maison ville rue avenue boulevard france
    chantier chantiers devis gratuit bienvenue presentation agence agences qui sommes
    """
    )
    | words(
        """
    sobre nosotros quienes somos nuestro nuestra nuestros nuestras el los las una uno y o con para en por es son
    inicio contacto equipo empresa servicios proyectos noticias leer mas aviso legal politica privacidad cookies
    trabaja historia mision valores clientes productos direccion telefono correo calle avenida ciudad oficina sede
    horario lunes martes miercoles jueves viernes sabado domingo bienvenidos conocenos experiencia calidad
    soluciones desarrollo gestion construccion grupo
    """
    )
    | words(
        """
    sobre nos quem somos nosso nossa nossos nossas os as um uma com para em por sao contato contacto equipa equipe
    empresa servicos projetos noticias ler mais aviso termos politica privacidade historia missao valores clientes
    produtos endereco telefone rua avenida cidade escritorio grupo qualidade solucoes desenvolvimento gestao
    construcao
    """
    )
    | words(
        """
    chi siamo nostro nostra nostri nostre il gli una uno con per contatti squadra azienda servizi progetti notizie
    leggi piu tutto note legali informativa storia valori clienti prodotti indirizzo telefono via viale piazza sede
    orari qualita soluzioni sviluppo gestione costruzioni gruppo societa lavora cosa facciamo
    """
    )
    | words(
        """
    over ons onze wij het een en of met voor op contact team bedrijf diensten projecten nieuws lees meer voorwaarden
    geschiedenis missie waarden klanten producten adres telefoon straat kantoor openingstijden vacatures werken
    groep kwaliteit oplossingen ontwikkeling bouw wie zijn wat doen kvk btw
    """
    )
)
"""Words of headings, menus and running text."""

NOT_NAMES = (
    COMMON
    | JOBS
    | (
        AREAS
        - words(
            """
    art
    """
        )
    )
    | REGIONS
)
"""No name that consists of capitalised words holds one of these, a few exceptions apart (see `core.text.names`)."""

PARTICLES = words(
    """
    van von de der den del della di da do dos das du la le el al bin ibn ben bint st st. san santa ter ten te zu zur
    zum vom af av y e i mac mc o' d' d l' abu ould lo los las 't op het vande vanden
    """
)
HONORIFICS = words(
    """
    mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend fr father sister rabbi hon honorable capt
    captain col colonel lt maj major gen general sgt cdr er engr ing eng arch ir adv ca cs cpa shri smt sri herr
    frau hr fr dipl.-ing dipl-ing dipl ing. mag mag. m. mme mlle monsieur madame me sr sra srta don dona dott
    dott.ssa ing. avv geom rag sig sig.ra dhr mevr mw drs mr. ir. exmo exma eng. datuk dato tan hrh sheikh sheikha
    alhaji chief dr.-ing dr-ing
    """
)
PLAIN_HONORIFICS = words(
    """
    miss mister
    mr mrs ms dr prof professor herr frau ing dipl-ing dipl.-ing sir dame rev shri smt mme monsieur madame sheikh
    sheikha capt engr eng dott dott.ssa mevr dhr mag drs adv datuk
    """
)
"""Honorifics that are no name when written without a full stop."""
SURNAMES = words(
    """
    sales more das mena smart brands pages meister doctor carpenter fleming mays lees frances parsons baron

    green kitchen stone steel wood field fields house church case price power powers long best good strong wise
    sharp swift major banks wall walls gates street lane way west east north south winter summer day may april
    friday king love bond cash money glass iron rose plant plants bell hall chambers rooms booth mill read law laws
    land marsh bridge park parks hill dale walker cook mason carpenter driver coach head fellow page baker miller
    english french german state post moss reed rush light lights key keys marks mark grant will guide water waters
    water foot hand point close black white brown gray grey silver gold golden diamond fox wolf small little large
    short rich poor young old noble cross ball court tower garden gardens star sun moon speed self sample shield
    ship shipman singer fisher hunter cooper turner potter taylor taylor smith clay ford stock storey person persons
    people's nice sweet savage early high low moody bright dark early pool pond lake river rivers brook forest grove
    orchard meadow meadows branch root roots berry apple pear plum cherry olive chase hope faith grace joy art world
    earth land holland england ireland france london paris york lincoln wells spring springs bishop pope abbot dean
    prior knight squire judge counsel marshall steward stewart page butler porter painter gardener shepherd farmer
    weaver brewer barber sawyer tanner carver glover saddler sadler chandler draper mercer fuller tyler slater
    thatcher mayor sargent sergeant constable bailey reeve chamberlain spencer proctor ward keeper warden foster
    nurse born bourne cotton ivory ivy flower flowers bloom bush field greenfield woods marks banks book booker
    workman worker rider carter wheeler wright buyer bridges bridgeman player dancer piper harper fiddler horne
    sealy seal stamp pitt pratt bell ring
    """
)
"""Common words that are also family names: in the last place they do not speak against a name ("Peter Stone")."""
GIVEN = words(
    """
    mark grant rose will hope grace faith joy art bill rich frank pat may june april august drew chase hunter jack
    max van ray sky summer dawn autumn ivy lily daisy jade ruby pearl amber crystal ginger basil herb dale glen
    cliff heath brook brooke lane miles chuck rob sue gene guy don earl duke king prince dean page paige penny wade
    chance christian dick john case carter mason taylor tyler sterling page major art english french german justice
    patience charity felicity victor ace clay brandon olive robin sage wren una les sol via gil francisco diego
    carolina america domingo marine per job floor angeles
    """
)
"""Common words that are also given names: they do not speak against a name."""
