"""Header lines as tools and countries export them, with the mapping a person would make."""

import pytest

from core.imports.columns import map_columns

# (tool, header line, label=field …); what is not named must stay unmapped. Fields are abbreviated.
SHORT = {
    "co": "company_name", "web": "company_website", "dom": "company_domain", "ind": "industry", "size": "company_size", "rev": "annual_revenue", "str": "street", "city": "city", "st": "state", "ctry": "country",
    "zip": "postal_code", "cph": "company_phone", "cli": "company_linkedin_url", "name": "contact_name", "fn": "first_name", "ln": "last_name", "title": "contact_title", "em": "contact_email", "ph": "contact_phone",
    "li": "linkedin_url", "notes": "notes", "src": "source", "id": "external_id",
}  # fmt: skip

TABLES = [
    ("apollo contacts", "First Name|Last Name|Title|Company|Company Name for Emails|Email|Email Status|Email Confidence|Seniority|Departments|Contact Owner|Work Direct Phone|Home Phone|Mobile Phone|Corporate Phone|Stage|Lists|Last Contacted|Account Owner|# Employees|Industry|Keywords|Person Linkedin Url|Website|Company Linkedin Url|Facebook Url|Twitter Url|Company Address|Company City|Company State|Company Country|SEO Description|Technologies|Annual Revenue|Total Funding|Latest Funding|Apollo Contact Id",
     "First Name=fn Last Name=ln Title=title Company=co Email=em Work Direct Phone=ph Corporate Phone=cph # Employees=size Industry=ind Person Linkedin Url=li Website=web Company Linkedin Url=cli Company Address=str Company City=city Company State=st Company Country=ctry Annual Revenue=rev Apollo Contact Id=id"),
    ("hubspot companies", "Record ID|Company name|Company Domain Name|Industry|Phone Number|City|State/Region|Postal Code|Country/Region|Number of Employees|Annual Revenue|Company owner|Create Date|Last Activity Date|LinkedIn Company Page|Website URL|Lead Status|Original Source Type",
     "Record ID=id Company name=co Company Domain Name=dom Industry=ind Phone Number=ph City=city State/Region=st Postal Code=zip Country/Region=ctry Number of Employees=size Annual Revenue=rev LinkedIn Company Page=cli Website URL=web"),
    ("hubspot contacts", "Record ID|First Name|Last Name|Email|Phone Number|Contact owner|Associated Company|Associated Company IDs|Job Title|Last Activity Date|Lead Status|Marketing contact status|Create Date|Mobile Phone Number|Street Address|City|Lifecycle Stage",
     "Record ID=id First Name=fn Last Name=ln Email=em Phone Number=ph Associated Company=co Job Title=title Street Address=str City=city"),
    ("salesforce report", "Salutation|First Name|Last Name|Title|Account Name|Mailing Street|Mailing City|Mailing State/Province|Mailing Zip/Postal Code|Mailing Country|Phone|Mobile|Fax|Email|Account Owner|Contact ID",
     "First Name=fn Last Name=ln Title=title Account Name=co Mailing Street=str Mailing City=city Mailing State/Province=st Mailing Zip/Postal Code=zip Mailing Country=ctry Phone=ph Email=em Contact ID=id"),
    ("salesforce accounts report", "Account Name|Billing Street|Billing City|Billing State/Province|Billing Zip/Postal Code|Billing Country|Phone|Website|Industry|Employees|Annual Revenue|Account Owner|Type|Last Modified Date",
     "Account Name=co Billing Street=str Billing City=city Billing State/Province=st Billing Zip/Postal Code=zip Billing Country=ctry Phone=ph Website=web Industry=ind Employees=size Annual Revenue=rev"),
    ("close leads", "id|display_name|url|description|status_label|primary_contact_name|primary_contact_first_name|primary_contact_last_name|primary_contact_title|primary_contact_primary_phone|primary_contact_primary_email|primary_address_city|primary_address_state|primary_address_zipcode|primary_address_country|created_by_name|date_created",
     "id=id display_name=co url=web description=notes primary_contact_name=name primary_contact_first_name=fn primary_contact_last_name=ln primary_contact_title=title primary_contact_primary_phone=ph primary_contact_primary_email=em primary_address_city=city primary_address_state=st primary_address_zipcode=zip primary_address_country=ctry"),
    ("pipedrive people", "Person - ID|Person - Name|Person - Label|Person - Phone - Work|Person - Phone - Mobile|Person - Email - Work|Person - Email - Home|Person - Organization|Person - Owner|Person - Open deals|Person - Job title",
     "Person - ID=id Person - Name=name Person - Phone - Work=ph Person - Email - Work=em Person - Organization=co Person - Job title=title"),
    ("pipedrive organizations", "Organization - ID|Organization - Name|Organization - Address|Organization - Owner|Organization - People|Organization - Won deals|Organization - Label",
     "Organization - ID=id Organization - Name=co Organization - Address=str"),
    ("zoho leads", "Record Id|Lead Owner.id|Lead Owner|Company|First Name|Last Name|Designation|Email|Phone|Fax|Mobile|Website|Lead Source|Lead Status|Industry|No. of Employees|Annual Revenue|Rating|Created By|Street|City|State|Zip Code|Country|Description|Skype ID|Email Opt Out|Salutation|Secondary Email|Twitter",
     "Record Id=id Company=co First Name=fn Last Name=ln Designation=title Email=em Phone=ph Website=web Lead Source=src Industry=ind No. of Employees=size Annual Revenue=rev Street=str City=city State=st Zip Code=zip Country=ctry Description=notes"),
    ("dynamics leads", "(Do Not Modify) Lead|(Do Not Modify) Row Checksum|(Do Not Modify) Modified On|Name|Topic|Status Reason|Created On|Email|Company Name|Job Title|Business Phone|Mobile Phone|Street 1|City|State/Province|ZIP/Postal Code|Country/Region|Owner",
     "Name=name Email=em Company Name=co Job Title=title Business Phone=ph Street 1=str City=city State/Province=st ZIP/Postal Code=zip Country/Region=ctry"),
    ("sales navigator", "firstName|lastName|fullName|title|companyName|companyUrl|regularCompanyUrl|summary|industry|location|duration|profileUrl|connectionDegree|profileImageUrl|query|timestamp",
     "firstName=fn lastName=ln fullName=name title=title companyName=co companyUrl=web summary=notes industry=ind location=city"),
    ("linkedin connections", "First Name|Last Name|Email Address|Company|Position|Connected On", "First Name=fn Last Name=ln Email Address=em Company=co Position=title"),
    ("outlook german", "Anrede|Vorname|Weitere Vornamen|Nachname|Suffix|Firma|Abteilung|Position|Straße geschäftlich|Ort geschäftlich|Region geschäftlich|Postleitzahl geschäftlich|Land/Region geschäftlich|Straße privat|Ort privat|Fax geschäftlich|Telefon geschäftlich|Mobiltelefon|E-Mail-Adresse|E-Mail-Typ|E-Mail: Angezeigter Name|E-Mail 2: Adresse|Notizen|Webseite",
     "Vorname=fn Nachname=ln Firma=co Position=title Straße geschäftlich=str Ort geschäftlich=city Region geschäftlich=st Postleitzahl geschäftlich=zip Land/Region geschäftlich=ctry Telefon geschäftlich=ph E-Mail-Adresse=em Notizen=notes Webseite=web"),
    ("google contacts", "Name|Given Name|Additional Name|Family Name|Name Prefix|Nickname|Birthday|Notes|Photo|Labels|E-mail 1 - Label|E-mail 1 - Value|E-mail 2 - Label|E-mail 2 - Value|Phone 1 - Label|Phone 1 - Value|Address 1 - Label|Address 1 - Formatted|Address 1 - Street|Address 1 - City|Address 1 - Region|Address 1 - Postal Code|Address 1 - Country|Organization 1 - Name|Organization 1 - Title|Organization 1 - Department|Website 1 - Label|Website 1 - Value",
     "Name=name Given Name=fn Family Name=ln Notes=notes E-mail 1 - Value=em Phone 1 - Value=ph Address 1 - Street=str Address 1 - City=city Address 1 - Region=st Address 1 - Postal Code=zip Address 1 - Country=ctry Organization 1 - Name=co Organization 1 - Title=title Website 1 - Value=web"),
    ("google contacts 2024", "First Name|Middle Name|Last Name|Phonetic First Name|Phonetic Last Name|Name Prefix|Name Suffix|File As|Organization Name|Organization Title|Organization Department|E-mail 1 - Value|Phone 1 - Value",
     "First Name=fn Last Name=ln Organization Name=co Organization Title=title E-mail 1 - Value=em Phone 1 - Value=ph"),
    ("mailchimp", "Email Address|First Name|Last Name|Address|Phone Number|Birthday|MEMBER_RATING|OPTIN_TIME|OPTIN_IP|CONFIRM_TIME|LATITUDE|LONGITUDE|GMTOFF|TIMEZONE|CC|REGION|LAST_CHANGED|LEID|EUID|NOTES|TAGS",
     "Email Address=em First Name=fn Last Name=ln Address=str Phone Number=ph REGION=st NOTES=notes"),
    ("shopify customers", "Customer ID|First Name|Last Name|Email|Accepts Email Marketing|Default Address Company|Default Address Address1|Default Address Address2|Default Address City|Default Address Province Code|Default Address Country Code|Default Address Zip|Default Address Phone|Phone|Accepts SMS Marketing|Total Spent|Total Orders|Note|Tax Exempt|Tags",
     "Customer ID=id First Name=fn Last Name=ln Email=em Default Address Company=co Default Address Address1=str Default Address City=city Default Address Province Code=st Default Address Country Code=ctry Default Address Zip=zip Phone=ph Note=notes"),
    ("woocommerce", "customer_id|user_login|first_name|last_name|email|date_registered|billing_first_name|billing_last_name|billing_company|billing_email|billing_phone|billing_address_1|billing_address_2|billing_postcode|billing_city|billing_state|billing_country|shipping_company|shipping_city",
     "customer_id=id first_name=fn last_name=ln email=em billing_company=co billing_phone=ph billing_address_1=str billing_postcode=zip billing_city=city billing_state=st billing_country=ctry"),
    ("odoo german", "Externe ID|Name|Firmenname|Straße|PLZ|Stadt|Land|Telefon|Mobil|E-Mail|Website|Umsatzsteuer-ID|Verkäufer|Stichwörter|Notizen",
     "Externe ID=id Name=name Firmenname=co Straße=str PLZ=zip Stadt=city Land=ctry Telefon=ph E-Mail=em Website=web Notizen=notes"),
    ("facebook leads", "id|created_time|ad_id|ad_name|adset_id|adset_name|campaign_id|campaign_name|form_id|form_name|is_organic|platform|email|full_name|phone_number|company_name|job_title|lead_status",
     "id=id form_name=src email=em full_name=name phone_number=ph company_name=co job_title=title"),
    ("sirene", "siren|nic|siret|dateCreationEtablissement|trancheEffectifsEtablissement|denominationUniteLegale|activitePrincipaleEtablissement|numeroVoieEtablissement|typeVoieEtablissement|libelleVoieEtablissement|codePostalEtablissement|libelleCommuneEtablissement|etatAdministratifEtablissement",
     "siret=id denominationUniteLegale=co trancheEffectifsEtablissement=size activitePrincipaleEtablissement=ind libelleVoieEtablissement=str codePostalEtablissement=zip libelleCommuneEtablissement=city"),
    ("french sheet", "Société|Civilité|Nom|Prénom|Fonction|Téléphone|Portable|E-mail|Adresse|Code postal|Ville|Pays|Site internet|Effectif|Chiffre d'affaires|Secteur d'activité|Commentaires|Commercial",
     "Société=co Nom=ln Prénom=fn Fonction=title Téléphone=ph E-mail=em Adresse=str Code postal=zip Ville=city Pays=ctry Site internet=web Effectif=size Chiffre d'affaires=rev Secteur d'activité=ind Commentaires=notes"),
    ("spanish sheet", "Razón Social|CIF|Nombre|Apellidos|Cargo|Correo electrónico|Teléfono|Móvil|Dirección|C.P.|Población|Provincia|País|Página web|Sector|Nº empleados|Facturación|Observaciones|Comercial|Origen",
     "Razón Social=co CIF=id Nombre=fn Apellidos=ln Cargo=title Correo electrónico=em Teléfono=ph Dirección=str C.P.=zip Población=city Provincia=st País=ctry Página web=web Sector=ind Nº empleados=size Facturación=rev Observaciones=notes Origen=src"),
    ("portuguese sheet", "Razão Social|Nome Fantasia|CNPJ|Contato|Cargo|E-mail|Telefone|Celular|Endereço|Bairro|Cidade|UF|CEP|Site|Porte|Faturamento|Observações|Vendedor",
     "Razão Social=co CNPJ=id Contato=name Cargo=title E-mail=em Telefone=ph Endereço=str Cidade=city UF=st CEP=zip Site=web Porte=size Faturamento=rev Observações=notes"),
    ("italian sheet", "Ragione Sociale|Partita IVA|Indirizzo|CAP|Comune|Provincia|Nazione|Telefono|Cellulare|Email|PEC|Sito web|Settore|N. dipendenti|Fatturato|Referente|Ruolo|Note|Agente",
     "Ragione Sociale=co Partita IVA=id Indirizzo=str CAP=zip Comune=city Provincia=st Nazione=ctry Telefono=ph Email=em Sito web=web Settore=ind N. dipendenti=size Fatturato=rev Referente=name Ruolo=title Note=notes"),
    ("dutch sheet", "Bedrijfsnaam|KvK-nummer|Voornaam|Tussenvoegsel|Achternaam|Functie|E-mailadres|Telefoonnummer|Mobiel|Straat|Huisnummer|Postcode|Plaats|Provincie|Land|Website|Branche|Aantal medewerkers|Opmerkingen",
     "Bedrijfsnaam=co KvK-nummer=id Voornaam=fn Achternaam=ln Functie=title E-mailadres=em Telefoonnummer=ph Straat=str Postcode=zip Plaats=city Provincie=st Land=ctry Website=web Branche=ind Aantal medewerkers=size Opmerkingen=notes"),
    ("polish sheet", "Nazwa firmy|NIP|Imię|Nazwisko|Stanowisko|Adres e-mail|Telefon|Ulica|Kod pocztowy|Miasto|Województwo|Kraj|Strona www|Branża|Liczba pracowników|Uwagi|Opiekun",
     "Nazwa firmy=co NIP=id Imię=fn Nazwisko=ln Stanowisko=title Adres e-mail=em Telefon=ph Ulica=str Kod pocztowy=zip Miasto=city Województwo=st Kraj=ctry Strona www=web Branża=ind Liczba pracowników=size Uwagi=notes"),
    ("datev", "Konto|Name (Adressattyp Unternehmen)|Unternehmensgegenstand|Name (Adressattyp natürl. Person)|Vorname (Adressattyp natürl. Person)|Anrede|Titel/Akad. Grad|Straße|Postfach|Postleitzahl|Ort|Land|Telefon|E-Mail|Internet|Fax",
     "Konto=id Name (Adressattyp Unternehmen)=co Unternehmensgegenstand=ind Name (Adressattyp natürl. Person)=ln Vorname (Adressattyp natürl. Person)=fn Straße=str Postleitzahl=zip Ort=city Land=ctry Telefon=ph E-Mail=em Internet=web"),
    ("german sheet", "Firmenname|Ansprechpartner|Funktion|Straße und Hausnummer|PLZ|Ort|Bundesland|Telefon|E-Mail-Adresse|Webseite|Branche|Mitarbeiterzahl|Umsatz|Bemerkungen|Betreuer|Quelle|Kd.-Nr.",
     "Firmenname=co Ansprechpartner=name Funktion=title Straße und Hausnummer=str PLZ=zip Ort=city Bundesland=st Telefon=ph E-Mail-Adresse=em Webseite=web Branche=ind Mitarbeiterzahl=size Umsatz=rev Bemerkungen=notes Quelle=src Kd.-Nr.=id"),
    ("uk companies", "CompanyName|CompanyNumber|RegAddress.AddressLine1|RegAddress.PostTown|RegAddress.County|RegAddress.Country|RegAddress.PostCode|CompanyCategory|CompanyStatus|IncorporationDate|SICCode.SicText_1|URI",
     "CompanyName=co CompanyNumber=id RegAddress.AddressLine1=str RegAddress.PostTown=city RegAddress.County=st RegAddress.Country=ctry RegAddress.PostCode=zip CompanyCategory=ind"),
    ("exhibitors", "Exhibitor|Hall|Booth|Address|City|Country|Phone|Email|Website|Product Categories|Description", "Exhibitor=co Address=str City=city Country=ctry Phone=ph Email=em Website=web Description=notes"),
    ("event attendees", "Order #|Order Date|First Name|Surname|Email|Ticket Type|Job Title|Company / Organisation|Phone|Dietary Requirements|Attendee Status",
     "First Name=fn Surname=ln Email=em Job Title=title Company / Organisation=co Phone=ph"),
    ("google maps scrape", "title|categoryName|address|city|state|countryCode|postalCode|phone|website|totalScore|reviewsCount|url|placeId|location/lat|location/lng",
     "title=co categoryName=ind address=str city=city state=st countryCode=ctry postalCode=zip phone=ph website=web placeId=id"),
    ("real estate crm", "Agent Name|Brokerage|Agent Email|Agent Phone|Office Address|Office City|State|Zip|License #|Listings|Source",
     "Agent Name=name Brokerage=co Agent Email=em Agent Phone=ph Office Address=str Office City=city State=st Zip=zip Source=src"),
    ("abbreviated", "company|addr1|addr2|cty|st|zip|ph_no|eml|web|emp_cnt|ann_rev|lead_src|cmts", "company=co addr1=str zip=zip ph_no=ph web=web lead_src=src st=st ann_rev=rev emp_cnt=size eml=em cmts=notes"),
    ("camel api", "leadId|companyName|companyDomain|contactFirstName|contactLastName|contactEmail|contactPhone|contactJobTitle|linkedinProfileUrl|employeeCount|annualRevenue|hqCity|hqCountry|leadOwnerEmail|createdAt|emailVerified",
     "leadId=id companyName=co companyDomain=dom contactFirstName=fn contactLastName=ln contactEmail=em contactPhone=ph contactJobTitle=title linkedinProfileUrl=li employeeCount=size annualRevenue=rev hqCity=city hqCountry=ctry"),
    ("owners everywhere", "Account|Account Manager|Account Manager Email|Sales Rep Phone|Owner Email|Main Contact|Main Contact Email|Main Contact Phone|Assistant's Name|Assistant's Phone|Created By Email",
     "Account=co Main Contact=name Main Contact Email=em Main Contact Phone=ph"),
    ("zoominfo", "ZoomInfo Contact ID|Last Name|First Name|Middle Name|Salutation|Job Title|Management Level|Direct Phone Number|Email Address|Email Domain|Mobile phone|LinkedIn Contact Profile URL|Person Street|Person City|Person State|Person Zip Code|Country|ZoomInfo Company ID|Company Name|Website|Company HQ Phone|Revenue (in 000s USD)|Employees|Primary Industry|Company Street Address|Company City|Company State|Company Zip Code|Company Country",
     "ZoomInfo Contact ID=id Last Name=ln First Name=fn Job Title=title Direct Phone Number=ph Email Address=em LinkedIn Contact Profile URL=li Company Name=co Website=web Company HQ Phone=cph Revenue (in 000s USD)=rev Employees=size Primary Industry=ind Company Street Address=str Company City=city Company State=st Company Zip Code=zip Company Country=ctry"),
    ("lusha", "First name|Last name|Full name|Job title|Company name|Company domain|Company industry|Company size|Company LinkedIn URL|LinkedIn URL|Work email|Private email|Mobile phone|Direct phone|Location",
     "First name=fn Last name=ln Full name=name Job title=title Company name=co Company domain=dom Company industry=ind Company size=size Company LinkedIn URL=cli LinkedIn URL=li Work email=em Direct phone=ph Location=city"),
    ("instantly", "email|first_name|last_name|company_name|personalization|phone|website|custom1|status|linkedIn", "email=em first_name=fn last_name=ln company_name=co phone=ph website=web linkedIn=li"),
    ("crunchbase", "Organization Name|Organization Name URL|Industries|Headquarters Location|Description|CB Rank (Company)|Founded Date|Number of Employees|Estimated Revenue Range|Website|LinkedIn|Contact Email|Phone Number|Total Funding Amount",
     "Organization Name=co Industries=ind Headquarters Location=city Description=notes Number of Employees=size Estimated Revenue Range=rev Website=web LinkedIn=cli Contact Email=em Phone Number=ph"),
    ("danish", "Virksomhed|CVR-nummer|Fornavn|Efternavn|Stilling|E-mail|Telefon|Adresse|Postnr.|By|Land|Hjemmeside|Antal ansatte",
     "Virksomhed=co CVR-nummer=id Fornavn=fn Efternavn=ln Stilling=title E-mail=em Telefon=ph Adresse=str Postnr.=zip By=city Land=ctry Hjemmeside=web Antal ansatte=size"),
    ("swedish", "Företag|Org.nr|Förnamn|Efternamn|Titel|E-post|Telefon|Gatuadress|Postnummer|Ort|Land|Bransch|Antal anställda|Omsättning",
     "Företag=co Org.nr=id Förnamn=fn Efternamn=ln Titel=title E-post=em Telefon=ph Gatuadress=str Postnummer=zip Ort=city Land=ctry Bransch=ind Antal anställda=size Omsättning=rev"),
    ("indian sheet", "S.No|Name of the Company|Contact Person|Designation|Mobile No.|Landline|Email ID|Address|City|State|Pin Code|Turnover (in Cr)|Nature of Business|Remarks",
     "Name of the Company=co Contact Person=name Designation=title Mobile No.=ph Email ID=em Address=str City=city State=st Pin Code=zip Turnover (in Cr)=rev Nature of Business=ind Remarks=notes"),
    ("tourism open data", "nom_etablissement|categorie|adresse|code_postal|commune|telephone|courriel|site_web|latitude|longitude|date_classement",
     "nom_etablissement=co categorie=ind adresse=str code_postal=zip commune=city telephone=ph courriel=em site_web=web"),
    ("schools", "School Name|District|Principal|Principal Email|Phone|Address|City|State|Zip|Enrollment|Grades", "School Name=co Principal Email=em Phone=ph Address=str City=city State=st Zip=zip"),
    ("grants", "Organisation|Contact name|Contact email|Contact telephone|Address line 1|Address line 2|Town/City|County|Postcode|Amount awarded|Award date",
     "Organisation=co Contact name=name Contact email=em Contact telephone=ph Address line 1=str Town/City=city County=st Postcode=zip"),
]  # fmt: skip


def expectation(text: str, header: list[str]) -> dict[str, str]:
    """Read 'Label=short Label two=short …', labels being those of the header."""
    rest, wanted = f" {text} ", {}
    for label in sorted(header, key=len, reverse=True):
        for short, field in SHORT.items():
            if f" {label}={short} " in rest:
                rest = rest.replace(f" {label}={short} ", "  ", 1)
                wanted[label] = field
    assert not rest.strip()
    return wanted


@pytest.mark.parametrize(("line", "text"), [table[1:] for table in TABLES], ids=[table[0] for table in TABLES])
def test_maps_as_a_person_would(line: str, text: str) -> None:
    header = line.split("|")
    assert map_columns(header, []).mapping == expectation(text, header)
