"""The words that column names are made of, in a dozen languages, and how a name is read as a row of concepts.

Data first: concept -> the phrases that say it (folded: lower case, no accents, words apart). `concepts_of` cuts a column
name into such phrases, longest first. What the concepts together mean is decided in `core.imports.columns`.
Sources: the export formats of Apollo, HubSpot, Salesforce, Close, Pipedrive, Zoho, Dynamics, Odoo, LinkedIn Sales Navigator,
Outlook, Google Contacts, Facebook lead ads, Google Ads, Mailchimp, Shopify, WooCommerce, DATEV, SIRENE.
"""

import re
import unicodedata
from functools import cache, lru_cache

# Attributes: what a column holds.
ATTRIBUTES: dict[str, str] = {
    "email": """email, eml, e mail, mail, emails, e mails, email address, e mail address, mail address, email addr, email id, mail id, emailaddress,
        mailadresse, emailadresse, e mail adresse, email adresse, mailanschrift, correo, correo electronico, correos, adresse mail,
        adresse email, adresse e mail, adresse electronique, courriel, mel, mail pro, posta elettronica, indirizzo email, indirizzo e mail, e post, epost,
        adres email, adres e mail, adres mailowy, poczta, poczta elektroniczna, eposta, e posta, sahkoposti, sposti, endereco de email, endereco de e mail,
        البريد, البريد الالكتروني, ايميل, электронная почта, почта, емейл, эл почта, 邮箱, 电子邮件, 电子邮箱, メール, メールアドレス, 이메일, ईमेल, pec, smtp, primary smtp address""",
    "phone": """phone, phones, phone number, phone numbers, phone no, phone num, phonenumber, telephone, telephone number, tel, tel no, tel nr, tel number, tele,
        telefon, telefonnummer, telefon nr, telefon nummer, telefonnr, rufnummer, fon, fone, festnetz, telefono, telefonos, numero de telefono, numero telefono,
        recapito telefonico, recapito, telephone fixe, numero de telephone, numero telephone, num tel, no tel, fixe, telefone, telefones, telefoon,
        telefoonnummer, numer telefonu, nr telefonu, nr tel, numer tel, puhelin, contact number, contact no, contact num, calling number, ph, ph no, phn, phno,
        landline, switchboard, dial, tlf, tlf nr, puhelinnumero, telefonszam, الهاتف, رقم الهاتف, телефон, номер телефона, 电话, 联系电话, 電話, 電話番号, 전화, फोन, vorwahl telefon""",
    "mobile": """mobile, mobile phone, mobile number, mobile no, mobile num, cell, cell phone, cellphone, cell number, cellular, handy, handynummer, handy nr,
        mobil, mobiltelefon, mobilnummer, mobilfunk, mobilfunknummer, movil, celular, telefono movil, telefono celular, telefone celular, cellulare, numero cellulare,
        portable, telephone portable, tel portable, tel mobile, gsm, mobiel, mobiele nummer, komorka, telefon komorkowy, mob, mob no, whatsapp, whatsapp number,
        whatsapp no, wa number, 手机, 手机号, 携帯, 携帯電話, natel, الجوال, мобильный, telemovel""",
    "fax": "fax, telefax, fax number, faxnummer, fax nr, fax no, telecopie, faks, telecopieur, 传真, isdn, pager, telex, tty, callback",
    "website": """website, web site, web, webpage, web page, homepage, home page, internet, internetadresse, internetseite, webseite, webadresse, site web,
        site internet, site, sitio web, sitio, pagina web, pagina, sito, sito web, sito internet, strona www, strona internetowa, strona, www, website url, web url,
        web address, websites, webadres, weburl, siteweb, sites, weblink, nettside, hemsida, hjemmeside, kotisivu, сайт, веб сайт, 网站, 网址, ウェブサイト, الموقع""",
    "url": "url, link, links, permalink, hyperlink",
    "domain": "domain, domain name, domaine, dominio, domein, domena, domains, root domain, domene, fqdn, hostname",
    "linkedin": "linkedin, linked in, li, linkedin profile, linkedin link, linkedin bio, linkedin member, linkedin handle, linkedin page",
    "first": """given, given n, first name, firstname, given name, givenname, forename, fname, f name, first, given names, vorname, vornamen, rufname, prenom, prenoms,
        primer nombre, nombre de pila, nombres, primeiro nome, imie, voornaam, roepnaam, fornavn, fornamn, etunimi, keresztnev, prenume, ime, 名, adi""",
    "last": """family, last name, lastname, surname, family name, familyname, lname, l name, last, sur name, nachname, familienname, zuname, nom de famille, nom famille,
        apellido, apellidos, primer apellido, sobrenome, apelido, ultimo nome, cognome, nazwisko, achternaam, familienaam, etternavn, efternamn, efternavn, sukunimi,
        vezeteknev, nume de familie, фамилия, 姓, soyadi, soyad, second name""",
    "middle": "middle name, middle, second first name, middle initial, mi, initials, suffix, nickname, nick name, phonetic, phonetic first, phonetic last, maiden name, geburtsname, nom usage, tussenvoegsel, yomi, segundo nombre, segundo apellido",
    "fullname": """agent name, agent full name, proprietor, proprietor name, name of proprietor, realtor, realtor name, broker name, founder, founder name, founders, ceo, ceo name, owner name full, president, director name, leader name, full name, fullname, vollstandiger name, vollstaendiger name, vor und nachname, vorname nachname, vorname und nachname, name vorname, nachname vorname,
        nom complet, nom et prenom, nom prenom, prenom nom, prenom et nom, nombre completo, nombre y apellido, nombre y apellidos, nombres y apellidos,
        apellidos y nombre, nome completo, nome e cognome, nome e sobrenome, nome cognome, cognome e nome, imie i nazwisko, volledige naam, your name,
        first and last name, first last name, first and last, name first last, person name, personname, ansprechpartner, ansprechpartnerin, ansprechperson, kontaktperson, interlocuteur,
        kontakt, contactpersoon, persona de contacto, persona contacto, persona di contatto, pessoa de contato, personne de contact, nom du contact, osoba kontaktowa, nom contact,
        contact person, point of contact, poc, poc name, primary contact, main contact, decision maker, key contact, prospect, attendee, delegate, speaker, candidate name, applicant,
        nom dirigeant, dirigeant, nom du dirigeant, geschaftsfuhrer, geschaeftsfuehrer, gf, inhaber, responsable, responsabile, referente, gerente, wlasciciel, 联系人, 担当者, 担当者名, 氏名, 姓名, фио, контактное лицо, الاسم الكامل,
        student name, patient name, guest name, member name, donor name, participant name, buyer name, subscriber name, full name of contact, principal name, kontaktname, contacto, contatto, contato, contact, contacts, naam contactpersoon, nombre del contacto, nombre de contacto, nombre contacto, nome contato, nome do contato, nome referente""",
    "name": "name, имя, display name, displayname, nom, nombre, nome, naam, names, navn, namn, nimi, nev, nume, isim, bezeichnung, libelle, الاسم, название, имя фамилия, 名称, 名前, 이름, नाम, label name, nm",
    "title": """title, job title, jobtitle, job, position, job position, role, job role, designation, occupation, profession, headline, jobbezeichnung, funktion, berufsbezeichnung,
        beruf, position titel, stelle, stellenbezeichnung, poste, fonction, intitule de poste, intitule du poste, poste occupe, cargo, puesto, cargo puesto, puesto de trabajo, funcion, ocupacion,
        profesion, funcao, profissao, ruolo, posizione, qualifica, mansione, professione, funktionsbezeichnung, functie, functietitel, stanowisko, work title, current title, current position,
        person title, contact title, job function, stilling, yrke, titel, titre, titulo, titolo, должность, 职位, 职务, 役職, المسمى الوظيفي, unvan, gorev, professional title, executive title, business title, position title""",
    "honorific": "salutation, anrede, civilite, prefix, name prefix, honorific, mr mrs, trato, tratamento, aanhef, saludo, akademischer titel, titel akad grad, briefanrede, courtesy title, personal title, name suffix, geslacht aanhef",
    "street": """street, street address, streetaddress, address line 1, address line1, address 1, address1, addressline1, addr1, addr 1, street 1, street1, strasse, str, strasse und hausnummer, strasse hausnummer,
        strasse nr, strasse hausnr, rue, voie, libelle voie, adresse 1, adresse ligne 1, adresse rue, calle, calle y numero, direccion calle, domicilio, via, via e numero, indirizzo, endereco, logradouro, rua, straat,
        straatnaam, straat en huisnummer, adres, ulica, ulica i numer, adresse postale, direccion, address, addr, adresse, anschrift, postanschrift, postal address, mailing street,
        full address, formatted address, adresse complete, direccion completa, indirizzo completo, street name, hausanschrift, location address, gate, gata, gateadresse, адрес, 地址, 住所, العنوان, adresa, cim, siege adresse, morada, address street, gatuadress, besoksadress, postadress, adress, addresse, besoksadresse, postadresse, libelle voie etablissement, numero et voie, numero et rue""",
    "street2": """address 2, address2, address line 2, address line2, addressline2, street 2, street2, street 3, street3, address 3, address3, address line 3, adresse 2, adresszusatz, adressezusatz, zusatz,
        complement adresse, complement d adresse, complemento, po box, pobox, postfach, address po box, hausnummer, hausnr, house number, street number, numero voie, civico, numero civico, huisnummer, nr domu, apt, suite, unit, floor, extended address, bairro, colonia""",
    "city": """city, town, city name, ort, stadt, wohnort, ortschaft, standort, sitz, firmensitz, gemeinde, ville, commune, libelle commune, localite, nom commune, ciudad, poblacion, localidad, municipio, cidade, citta, comune,
        localita, stad, plaats, plaatsnaam, woonplaats, vestigingsplaats, gemeente, miasto, miejscowosc, city town, town city, suburb, municipality, locality, poststed, postort, kommune, by, kaupunki, varos, oras, sehir, il,
        город, 城市, 市, 市区町村, المدينة, mesto, postal town, post town, concelho, hauptsitz, headquarters city, libelle commune etablissement""",
    "location": "location, hq location, headquarters, hq, headquarter, headquarters location, lieu, ubicacion, localizacao, locatie, lokalizacja, lage, place, based in, geo, current location, person location, localisation, area",
    "district": "district, neighborhood, neighbourhood, borough, stadtteil, ortsteil, quartier, barrio, distrito, stadsdeel, dzielnica, arrondissement",
    "state": """state, province, prov, state province, state region, province state, state or province, stateprovince, provincia, bundesland, kanton, canton, departement, region, region state, estado, uf, provincie, wojewodztwo,
        region name, nom region, nom departement, libelle region, county, county state, state name, state code, regione, comunidad autonoma, lan, fylke, judet, штат, регион, область, 省, 都道府県, administrative area, prefecture, powiat, regiao, st""",
    "country": """country, country name, country region, country code, countrycode, country iso, iso country, nation, land, staat, land region, laenderkennzeichen, landerkennzeichen, landercode, laendercode, landeskennzeichen, pays, libelle pays,
        code pays, pais, paese, nazione, stato, kraj, landcode, jurisdiction, jurisdiction code, cntry, ctry, orszag, tara, ulke, maa, страна, 国家, 国, الدولة, البلد, country of registration, landesname, lkz, zeme""",
    "postal": """npa, postal code, postalcode, postcode, post code, zip, zip code, zipcode, zip postal code, zip postal, postal zip code, zip post code, postal, plz, postleitzahl, code postal, codepostal, cp, c p, cod postal, codigo postal, codigo postal cp, cep,
        cap, codice postale, codice di avviamento postale, kod pocztowy, pin code, pincode, eircode, postnummer, postnr, postinumero, iranyitoszam, psc, zip plz, plz zip, почтовый индекс, индекс, 邮编, 邮政编码, 郵便番号, الرمز البريدي, posta kodu, zip5, postal zip""",
    "industry": """industry, industries, industry name, industry type, sector, sectors, industry sector, vertical, verticals, branche, branchen, wirtschaftszweig, industriezweig, geschaftsfeld, tatigkeitsfeld, secteur, secteur d activite, secteur activite, activite, activite principale,
        libelle activite, libelle naf, libelle ape, industria, sector industria, giro, actividad, rubro, ramo, setor, settore, settore attivita, attivita, bedrijfstak, branza, sektor, business type, type of business, line of business, nature of business, niche,
        business category, company category, company industry, primary industry, industry category, naics description, sic description, unternehmensgegenstand, toimiala, bransch, отрасль, сфера деятельности, 行业, 業種, القطاع, specialty, speciality, obor, sub industry, subindustry, company type of business, trade""",
    "category": "category, categories, kategorie, kategorien, categorie, categoria, kategoria, classification, main category, primary category, categoryname, business categories, categories name, segment, категория, 类别",
    "size": """company size, emp cnt, emp count, employees cnt, employees, employee count, number of employees, no of employees, no employees, num employees, number employees, employee number, numberofemployees, employee, employee range, employees range, employee size, headcount, head count, size, team size, staff, staff count,
        staff size, mitarbeiter, mitarbeiterzahl, mitarbeiteranzahl, anzahl mitarbeiter, anzahl der mitarbeiter, mitarbeitende, beschaftigte, anzahl beschaftigte, unternehmensgrosse, firmengrosse, effectif, effectifs, nombre de salaries, nb salaries, nombre d employes, nombre salaries, taille entreprise, taille de l entreprise,
        tranche effectif, tranche effectifs, tranche d effectif, empleados, numero de empleados, numero empleados, num empleados, n empleados, no empleados, tamano empresa, tamano de la empresa, tamano, funcionarios, numero de funcionarios, n de funcionarios, porte, porte da empresa, dipendenti, numero dipendenti, n dipendenti, numero di dipendenti, medewerkers, aantal medewerkers,
        aantal werknemers, werknemers, zatrudnienie, liczba pracownikow, pracownicy, wielkosc firmy, fte, ftes, company headcount, employees total, total employees, full time employees, antal ansatte, ansatte, anstallda, antal anstallda, workforce, number of staff, company employees, estimated num employees, of employees, сотрудников, количество сотрудников, 员工人数, 従業員数, staff number, organization size, organisation size""",
    "revenue": """revenue, ann rev, annual rev, arr usd, omsattning, annual turnover in cr, annual revenue, annualrevenue, yearly revenue, revenues, company revenue, annual sales, sales volume, turnover, annual turnover, sales revenue, estimated revenue, revenue range, jahresumsatz, umsatz, umsatz eur, umsatz in mio, chiffre d affaires, chiffre affaires, ca annuel, ca,
        facturacion, facturacion anual, ingresos, ingresos anuales, ventas anuales, ventas, receita, receita anual, faturamento, faturamento anual, fatturato, fatturato annuo, omzet, jaaromzet, przychody, przychod, obroty, obrot, revenue usd, revenue eur, omsetning, omsattning, liikevaihto, выручка, оборот, 营业额, 売上, 売上高""",
    "notes": """notes, cmts, cmt, note, comments, comment, remarks, remark, notiz, notizen, bemerkung, bemerkungen, anmerkung, anmerkungen, kommentar, kommentare, beschreibung, kurzbeschreibung, information, informationen, zusatzinfo, infos, info, commentaire, commentaires, remarque, remarques, observations, observation,
        notas, nota, comentarios, comentario, observaciones, observacion, observacoes, observacao, obs, note interne, annotazioni, osservazioni, commenti, commento, opmerkingen, opmerking, notities, uwagi, notatki, notatka, komentarz, description, additional info, additional information, additional notes, more info, internal notes, lead notes,
        contact notes, message, nachricht, messaggio, mensaje, mensagem, details, memo, about, anmarkning, notater, kommentarer, заметки, примечание, комментарий, 备注, 备考, 備考, ملاحظات, freitext, crm note, crm notes, company description, short description, summary, bio, omschrijving, descripcion, descricao, descrizione, opis, feedback, additional comments, biographical info""",
    "source": """source, src, lead src, lead source, leadsource, original source, contact source, account source, source name, data source, quelle, herkunft, lead quelle, leadquelle, kontaktquelle, origine, source du lead, provenance, fuente, fuente del lead, origen, origen del lead, origem, origem do lead, fonte,
        fonte lead, provenienza, bron, herkomst, zrodlo, zrodlo leada, pochodzenie, how did you hear, how did you hear about us, acquisition source, source of lead, channel, kanal, canal, acquisition channel, source channel, referral source, lead origin, lead channel, lead source detail, источник, 来源, 線索来源, المصدر, sources, utm source, marketing source, enquiry source, inquiry source, traffic source, source of enquiry, source type, sourced from, source file, akquisekanal""",
    "source_url": "source url, source link, source profile, source page, source website, quell url, profile source",
    "campaign": "campaign, campaign name, kampagne, campagne, campana, campanha, campagna, utm campaign, form name, form, formular, formulaire, formulario, ad campaign, kampania, event name, first campaign",
    "id": """id, ids, record id, recordid, unique id, uid, uuid, guid, external id, externalid, externe id, id externo, id externe, external reference, external key, cust nr, cust number, kd, kd no, identifier, identifiant, identificador, kennung, nummer, nr, number, no, lfd nr, id number, lead id, leadid, contact id, contactid, contact number id, customer id, customerid, client id, customer number, customer no, customer code,
        kundennummer, kunden nr, kundennr, kdnr, kd nr, kundenummer, kunden id, numero client, n client, no client, code client, reference client, numero cliente, codigo cliente, id cliente, codice cliente, codigo do cliente, id do cliente, klantnummer, klant id, klantcode, numer klienta, id klienta, debitor, debitorennummer, debitornummer,
        kreditorennummer, kreditornummer, kontonummer, konto, adressnummer, adressnr, mandantennummer, lieferantennummer, mitgliedsnummer, member id, reference, ref, referenz, referenznummer, referentie, referencia, riferimento, codigo, code, codice, kod, record number, prospect id, person id, personid, user id, userid, crm id, ext id, legacy id, object id, entity id, id lead, hs object id,
        apollo contact id, person identifier, source id, lead number, lead no, registration id, row id, vendor id, supplier id, partner id, zoho id, system id, kontakt id, kontaktnummer, key, primary key, номер, код, 编号, 番号, 顧客番号, objectid, id contact, id client, member number, cust id, cust no, custno, personal id, place id, placeid, business id, lieferanten nr, pk""",
    "company_id": "company id, companyid, account id, accountid, organization id, organizationid, organisation id, account number, accountnumber, account no, firmen id, org id, orgid, unternehmens id, id empresa, id azienda, id entreprise, associated company id, company record id, apollo account id, firmennummer, dealer id, store id, shop id, company code, employer id, exhibitor id",
    "register_id": """siret, siren, siret siege, numero siret, numero siren, n siret, n siren, cnpj, cif, cif nif, nif, nit, rut, rfc, cuit, p iva, piva, partita iva, codice fiscale, vat, vat number, vat id, vat no, ust id, ust idnr, ustid, ust id nr, umsatzsteuer id, btw nummer, btw, nip, regon, krs, kvk, kvk nummer, kvknummer, kv k nummer, kv k, kvk nr, company number, companynumber,
        company registration number, registration number, company reg no, handelsregisternummer, handelsregister, hrb, hrb nummer, registernummer, register number, register no, uid nummer, org nr, orgnr, organisasjonsnummer, organisationsnummer, cvr, cvr nummer, ico, dic, abn, acn, ein, duns, duns number, d u n s, d u n s number, duns no, lei, cin, gstin, gst, crn, bce, kbo, ondernemingsnummer, numero entreprise, matricola, inn, ogrn, инн, огрн, tax id, tax number, steuernummer, npi, cik, ustidnr, uen, nzbn, tin, sirene, license number, licence number, license no""",
}

# Whose it is, or which of several.
SUBJECTS: dict[str, str] = {
    "company": """company, companies, compnay, comany, comapny, company name, companyname, organization, organisation, organizations, organisations, org, organization name, organisation name, org name, business, business name, firm, firm name, employer, employer name, current company, current employer,
        corporation, corporate, enterprise, enterprise name, legal name, legal entity name, trading name, trade name, dba, dba name, registered name, entity name, entity, account name, institution, institution name, establishment, establishment name, agency, agency name, brokerage, vendor, vendor name, supplier, supplier name, manufacturer,
        manufacturer name, exhibitor, exhibitor name, exhibitors, contractor, contractor name, dealer, dealer name, dealership, dealership name, merchant, merchant name, merchant store, store name, shop name, brand, brand name, startup, startup name, school, school name, university, hospital, hotel, hotel name, restaurant, restaurant name, venue name, venue,
        practice name, clinic, clinic name, club name, partner, partner name, sponsor, facility, facility name, operator, operator name, provider name, property name, place name, office name, fund name, unternehmen, unternehmensname, firma, firmenname, firmen, firmenbezeichnung, firma name, name der firma, firmierung, betrieb, betriebsname, gesellschaft,
        aussteller, kundenfirma, name unternehmen, name des unternehmens, name 1, name1, lieferant, hersteller, entreprise, nom entreprise, nom de l entreprise, nom de la societe, nom societe, societe, raison sociale, denomination, denomination sociale, denomination unite legale, denominationunitelegale, denomination usuelle, enseigne, etablissement, nom etablissement, nom de l etablissement,
        structure, nom structure, nom de la structure, organisme, nom organisme, nom commercial, exposant, fournisseur, association, operateur, nom operateur, n operateur, nom enseigne, n enseigne, empresa, nombre empresa, nombre de la empresa, nombre de empresa, razon social, denominacion, denominacion social, nombre comercial, compania, compania nombre, negocio, nombre del negocio, organizacion, institucion, entidad, proveedor,
        nome empresa, nome da empresa, razao social, nome fantasia, organizacao, nome comercial, companhia, azienda, nome azienda, nome dell azienda, ragione sociale, denominazione, denominazione sociale, ditta, societa, impresa, nome societa, organizzazione, espositore, fornitore, ente, bedrijf, bedrijfsnaam, naam bedrijf, onderneming, handelsnaam, organisatie, statutaire naam, leverancier,
        nazwa firmy, nazwa, firma nazwa, przedsiebiorstwo, spolka, nazwa podmiotu, nazwa spolki, organizacja, foretag, foretagsnamn, bedrift, bedriftsnavn, virksomhed, virksomhedsnavn, firmanavn, yritys, yrityksen nimi, ceg, cegnev, companie, denumire, sirket, sirket adi, компания, название компании, организация, фирма, 公司, 公司名称, 企业名称, 企业, 会社, 会社名, 企業名, 회사, الشركة, اسم الشركة, कंपनी, nazev firmy, spolecnost, nazov firmy, conta, cuenta""",
    "account": "account, crm account",
    "person": "contact, person, personal, individual, contact s, contact person, ansprechpartner, kontakt, contacto, contatto, contato, employee name, executive, professional, kontaktperson, contactpersoon, contact1, natural person, prospect",
    "customer": "customer, investor, investor name, cust, client, kunde, kunden, cliente, klant, klient, customer name, client name, kundenname, nom client, nom du client, nombre cliente, nombre del cliente, nome cliente, nome do cliente, klantnaam, nazwa klienta, lead, lead name, opportunity, deal name, buyer, seller, tenant, клиент, 客户, 客户名称, kundname, kundenavn, member, subscriber, user name full",
    "business": "work, work or business, professionnel, pro, geschaft, geschaeft, geschaftlich, geschaeftlich, dienstlich, beruflich, laboral, trabajo, travail, ufficio, lavoro, zakelijk, zustell, office, main, hq, headquarters, head office, siege, siege social, primary, principal, hauptsitz, zentrale, sluzbowy",
    "billing": "billing, bill to, invoice, rechnung, rechnungs, facturation, facturacion, fatturazione, factuur",
    "mailing": "mailing, mail to, post, correspondence, correspondence address",
    "shipping": "shipping, ship to, delivery, liefer, lieferung, lieferadresse, livraison, envio, spedizione, shipping customer, verzend, entrega",
    "home": "home, private, privat, prive, particular, casa, domicile, personnel, domicilio particular, prywatny, residential, particulier",
    "other": "other, secondary, alternate, alternative, alt, additional, second, andere, weitere, autre, otro, outro, altro, overig, zweite, backup, spare, tertiary, car, radio",
    "direct": "direct, work direct, direct dial, durchwahl, direkt, corporate direct, verified, best, preferred, business direct, direct line, main contact",
}

# Words that change nothing.
NOISE = """without country code, with country code, naturl, naturliche, naturlich, reg, registered, registered office, default, value, unite legale, etablissement siege, physical, name of, name of the, no of, e, n o,  of, de, du, der, die, das, des, la, le, les, el, los, del, di, da, do, d, l, a, an, in, for, von, zu, und, and, et, y, e, i, or, oder, your, my, please, enter, what is, is, s, address of, full, complete, raw, original, clean, cleaned, normalized, formatted, format, string,
    text, field, value of, data, public, current, official, officielle, user supplied, input, value, lead, contact, c, custom, required, optional, pflichtfeld, entry, info, us, n, extracted, found, enriched, final, e164, no, num, number, nummer, nr, main, 1, one, 01, primary, line, ville de, adressattyp, lp, org, people, person, details, attribute, properties, property, attr, prospect, std, associated, business, hq, work, corporate"""

# Words that make a column something else than the attribute beside them, or nobody's that we store.
BLOCKERS = """batch, batch id, batch no, import, import id, upload, upload id, session id, lot, lot id, lote, charge, chargen, charge id, liste, liste id, lista, opportunity id, deal id, campaign id, list id, segment, segment id, sequence id, team id, owner id, sales executive, sales agent, sales owner, telecaller, counsellor, counselor, s no, sr no, sl no, serial no, serial number, sno, srno, slno, sr, sl, serial, ad, ads, adset, ad set, ad group, ad name, adset name, organizational id number, government id number, account status, seo, tech, row checksum, topic, do not modify lead, status, stage, state of lead, lead state, phase, date, datum, fecha, data di nascita, dob, birthday, birth, birthdate, geburtstag, geburtsdatum, anniversary, naissance, nacimiento, created, updated, modified, changed, added, timestamp, time, zeit, timezone, time zone, heure, hora, zeitstempel, erstellt, geandert, aktualisiert, last activity, last contacted, last contact,
    last touch, activity, score, rating, rank, ranking, grade, tier, priority, count, total, quantity, qty, anzahl, nombre de, nb, amount, price, cost, budget, type, kind, typ, art, tipo, label, etikett, confidence, verified at, verification, validation, valid, is valid, validity, deliverability, bounce, bounced, bounces, opt, opt in, opt out, optin, optout, subscribed, unsubscribed,
    subscription, consent, gdpr, dsgvo, newsletter, permission, do not call, do not email, dnc, has opted out of, hasoptedoutofemail, donotcall, reason, owner, lead owner, contact owner, account owner, deal owner, record owner, eigentumer, besitzer, zustandig, zustaendig, bearbeiter, betreuer, proprietaire, proprietario, propietario, eigenaar, wlasciciel rekordu, assigned, assigned to, assignee,
    assigned user, rep, sales rep, salesrep, sales representative, sales person, salesperson, account manager, account executive, account exec, sdr, bdr, sales manager, csm, vendedor, vendeur, commercial, verkaufer, vertriebler, vertriebsmitarbeiter, aussendienst, kundenbetreuer, sachbearbeiter, opiekun, handlowiec, ejecutivo, asesor, agente asignado, assistant, assistants, assistent, asst, manager, managers, manager s, supervisor, reports to, vorgesetzter,
    created by, modified by, updated by, added by, owned by, ownerid, creator, author, imported by, uploaded by, submitted by, entered by, referred, referred by, referrer, recommended by, spouse, partner first name, children, kids, parent, parent account, parent company, holding, mutter, mother, father, emergency, guardian, former, previous, past, old, vorherige, legacy, photo, picture, image, logo, avatar, icon, thumbnail, facebook, twitter, instagram,
    youtube, tiktok, xing, skype, telegram, github, pinterest, snapchat, social, followers, likes, tags, tag, keywords, keyword, stichwort, technologies, technology, tech stack, skills, interests, hobby, list, lists, group, groups, membership, language, sprache, langue, idioma, lingua, taal, jezyk, locale, department, departments, abteilung, service interne, dipartimento, departamento, afdeling, dzial, seniority, management level, gender, sex, geschlecht, sexe, genero, sesso, geslacht, plec, age, alter, edad, idade, nationality, nationalitat, nationalite,
    nacionalidad, latitude, longitude, lat, lng, lon, long, geo code, geocode, geocodeaccuracy, coordinates, currency, wahrung, devise, moneda, iban, bic, bank, account holder, kontoinhaber, sic, sic code, naics, naics code, naf, code naf, ape, code ape, nace, nace code, ateco, code insee, insee, cnae, pkd, wz code, code commune, code region, code departement, ticker, stock, funding, valuation, founded, founded year, year founded, year, jahr, annee, ano, anno, month, week, day, quarter, growth, percent,
    percentage, rate, share, ip, ip address, user agent, browser, device, os, platform, medium, term, content, utm medium, utm term, utm content, gclid, fbclid, click, clicks, open, opens, opened, replied, sent, views, visits, visit, sessions, pageviews, page views, event, meeting, appointment, call, calls, next step, next steps, task, outcome, result, disposition, pipeline, probability, deal, deals, opportunity name, product, produkt, produit, producto, prodotto, service, services, offer, interest, interested in, project, projekt, projet, proyecto, requirement,
    hash, md5, sha, token, password, username, user name, login, benutzername, handle, extension, ext, durchwahl nr, area code, dial code, calling code, country calling code, phone code, vorwahl, is, has, flag, active, inactive, enabled, deleted, archived, converted, duplicate, merged, master, history, log, error, _error, _line, quality, accuracy, subject, subject line, template, sequence, step, signature, message id, thread, attachment, file, filename, payment, order, orders, invoice number, tax, discount, shipping method, reviews, review, stars, hours, opening hours,
    oeffnungszeiten, offnungszeiten, booth, hall, halle, stand, standnummer, stall, mileage, sensitivity, directory, billing information, keyword s, business hours, website status, linkedin followers, company alias, for emails, aliases, alias, other names, abbreviation, acronym, ownership, competitor, competitors, subsidiary, subsidiaries, subsidiary of, ultimate parent, photourl, photo url, profile image, profile picture, image url, logo url, embedded, individual id, catch all, job change, intent, distance, radius, zone, territory, gebiet, verkaufsgebiet, persona, lifecycle, lebenszyklus, engagement, sentiment, dup, similarity, match, remote,
    salary, experience, education, degree, graduation, cv, resume, gps, map, maps, google maps, plus code, w3w, timeline, deadline, due, expires, expiry, valid until, gultig bis, version, build, revision, sort, order by, position number, index, unnamed, row number, row, lfd, rownum, spoc type"""


# Short words that mean something only where they are the whole name: 'CAP' is a postal code, 'Market Cap' is none.
WHOLE_NAMES = frozenset(
    [
        "cap",
        "by",
        "il",
        "ca",
        "st",
        "mel",
        "lan",
        "giro",
        "gate",
        "cin",
        "dic",
        "nit",
        "ico",
        "ein",
        "mi",
        "cim",
        "via",
        "maa",
        "sito",
        "place",
    ]
)


def fold_header(name: str) -> str:
    """Give a column name as folded words: camelCase and snake_case cut, accents and punctuation gone."""
    text = re.sub(r"([a-z0-9à-ÿ])([A-Z])", r"\1 \2", name.lstrip("\ufeff").strip())
    text = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", text)
    text = text.casefold().replace("ß", "ss").replace("ł", "l").replace("ø", "o").replace("æ", "ae").replace("ı", "i")
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = text.replace("#", " no ") if re.match(r"\s*+#\s*+(of\s)?\w", text) else text
    text = re.sub(r"([a-z])(\d)", r"\1 \2", text)
    return " ".join(re.sub(r"[^\w]+|_", " ", text).split())


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split(",")]


@cache
def lexicon() -> dict[str, str]:
    """Give folded phrase -> concept. An attribute outranks a subject, a subject a blocker, a blocker noise."""
    words: dict[str, str] = dict.fromkeys(_phrases(NOISE), "noise")
    words.update((phrase, "blocked") for phrase in _phrases(BLOCKERS))
    for table in (SUBJECTS, ATTRIBUTES):
        for concept, text in table.items():
            words.update((fold_header(phrase), concept) for phrase in _phrases(text))
    return words


@cache
def _phrases_for(attribute: str) -> frozenset[str]:
    return frozenset(map(fold_header, _phrases(ATTRIBUTES[attribute])))


def speaks_of(name: str, attribute: str) -> bool:
    """Tell whether a column's name has a word for an attribute, as 'HQ Country' has for `country`."""
    words = fold_header(name)
    return not _phrases_for(attribute).isdisjoint((words, *words.split()))


@cache
def _fuzzy_words() -> list[str]:
    kept = set(ATTRIBUTES) | {"company", "customer"}
    return [phrase for phrase, concept in lexicon().items() if concept in kept and len(phrase) >= 5]


FUZZY_THRESHOLD = 88
_MAX_NAME, _MAX_WORD = 200, 40
"""Characters read of a column's name, and of one word that is looked into; what is longer is no name of a column."""


@lru_cache(maxsize=4096)
def concepts_of(name: str) -> tuple[tuple[str, str], ...]:
    """Read a column name as concepts, in order: ((concept, folded phrase), …); 'unknown' for what no list holds."""
    words = fold_header(name[:_MAX_NAME]).split()
    known = lexicon()
    found: list[tuple[str, str]] = []
    index = 0
    while index < len(words):
        for length in range(min(5, len(words) - index), 0, -1):
            phrase = " ".join(words[index : index + length])
            concept = known.get(phrase)
            if concept and phrase in WHOLE_NAMES and length < len(words):
                concept = "unknown"
            if concept:
                found.append((concept, phrase))
                index += length
                break
        else:
            found.extend(_unknown(words[index]))
            index += 1
    return tuple(found)


def _unknown(word: str) -> list[tuple[str, str]]:
    """Try a word that no list holds as a compound ('firmenort'), then as a misspelling ('adress')."""
    if len(word) > _MAX_WORD:
        return [("unknown", word)]
    known = lexicon()
    for cut in range(len(word) - 2, 2, -1):
        left, right = word[:cut], word[cut:]
        tail = known.get(right)
        if tail in ATTRIBUTES and len(right) >= 3:
            for glue in (left, left.removesuffix("s"), left.removesuffix("n"), left.removesuffix("en")):
                head = known.get(glue)
                if head and len(glue) >= 4 and head != "noise":
                    return [(head, glue), (tail, right)]
    if len(word) >= 5 and not word.isdecimal():
        from rapidfuzz import fuzz, process  # a quarter of what a process that only reads rows would import

        match = process.extractOne(word, _fuzzy_words(), scorer=fuzz.ratio, score_cutoff=FUZZY_THRESHOLD)
        if match:
            return [(known[match[0]], match[0])]
    return [("number" if word.isdecimal() else "unknown", word)]


def concept_of(name: str) -> str | None:
    """Give a word's own concept where the whole name is a known one; None where it says nothing certain."""
    if len(name) > 80:
        return None
    found = concepts_of(name)
    kinds = {concept for concept, _ in found}
    if not found or "unknown" in kinds or kinds <= {"noise", "number"}:
        return None
    return found[0][0]
