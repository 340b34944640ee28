"""Encodings found by their letters, on made-up rows."""

import codecs

import pytest

from core.imports.csv_encoding import damaged_lines, find_encoding

TEXTS = {
    "de": "Firma;Straße;Ort\nBäckerei Müller;Schützenstraße 4;Köln\nGärtnerei Böhm;Am Flüßchen 2;Düren\n",
    "fr": "Société;Ville\nBoulangerie Hélène & Frères;Besançon\nCafé de la Forêt;Orléans\nL'Épicerie à côté;Nîmes\n",
    "es": "Compañía;Población\nAlimentación Peña;Cádiz\nCañada y Muñoz;León\nConstrucción Ibáñez;Málaga\n",
    "sv": "Företag;Ort\nBygg å Måleri;Växjö\nÅkerströms;Örebro\nSjöfrakt i Höganäs;Höganäs\n",
    "pl": "Firma;Miasto\nSpółka Źródło;Łódź\nPiekarnia Wiśniewska;Kraków\nZakład Usług Ślusarskich Żak;Gdańsk\n",
    "cs": "Firma;Město\nPekařství Dvořák;Plzeň\nStavby Růžička;České Budějovice\nTruhlářství Šťastný;Žďár\n",
    "hu": "Cég;Város\nÉpítő és Fűtő Bt;Győr\nSütőház;Pécs\nKőműves Üzem;Szegedi út, Fürdő\n",
    "tr": "Şirket;Şehir\nYıldız İnşaat;İstanbul\nGüneş Gıda;Çağlayan\nIşık Tekstil;Eskişehir\n",
    "ru": "Название;Город\nРомашка;Москва\nСеверное сияние;Санкт-Петербург\nООО Пример;Казань\n",
    "el": "Επωνυμία;Πόλη\nΑρτοποιείο Παπαδόπουλος;Αθήνα\nΚαφέ Ήλιος;Θεσσαλονίκη\n",
    "he": "חברה;עיר\nמאפיית השמש;תל אביב\nבית הדפוס;ירושלים\n",
    "ja": "会社名;住所\n架空物産株式会社;東京都千代田区\nれいじ商事;大阪府大阪市\n",
    "zh": "公司名称;地址\n上海示例有限公司;上海市浦东新区\n北京样本科技;北京市海淀区\n",
    "tw": "公司名稱;地址\n範例股份有限公司;臺北市信義區\n樣本國際貿易;新北市板橋區\n",
    "ko": "회사명;주소\n예시상사;서울특별시 강남구\n견본물산;부산광역시 해운대구\n",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("de", "cp1252"), ("de", "cp850"), ("de", "mac_roman"), ("fr", "cp1252"), ("fr", "mac_roman"), ("es", "cp1252"),
        ("es", "cp850"), ("sv", "cp1252"), ("sv", "mac_roman"), ("pl", "cp1250"), ("pl", "iso8859-2"), ("pl", "cp852"),
        ("cs", "cp1250"), ("hu", "cp1250"), ("tr", "cp1254"), ("ru", "cp1251"), ("ru", "koi8-r"), ("ru", "cp866"),
        ("el", "cp1253"), ("he", "cp1255"), ("ja", "cp932"), ("ja", "euc_jp"), ("zh", "gb18030"), ("tw", "big5"),
        ("ko", "cp949"),
    ],
)  # fmt: skip
def test_letters_decide(language, encoding):
    data = TEXTS[language].encode(encoding)
    found = find_encoding(data.splitlines)
    assert found.encoding is not None
    assert data.decode(found.encoding) == TEXTS[language], found


def test_western_rows_of_several_languages_are_windows_1252():
    text = "Café Müller;Besançon\nPeña & Søn;Århus\nAção;São Paulo\nL'Été;Nîmes — “Zoë”\n"
    assert find_encoding(text.encode("cp1252").splitlines).encoding == "cp1252"


def test_a_single_accent_is_windows_1252():
    assert find_encoding(b"name,city\nCaf\xe9,Paris\n".splitlines).encoding == "cp1252"


def test_one_bad_byte_does_not_make_utf_8_another_encoding():
    lines = [f"Müller {number}".encode() for number in range(30)]
    lines[11] += b"\xff"
    found = find_encoding(lambda: lines)
    assert (found.encoding, found.damaged) == ("utf-8", (12,))


def test_bytes_that_are_no_text_are_nobodys():
    data = bytes(range(0x80, 0x100)) * 3
    assert find_encoding(data.splitlines).encoding is None


def test_lines_that_an_encoding_does_not_have_are_named():
    assert damaged_lines([b"a", "ü".encode("cp1252"), b"\x81"], "cp1252") == (3,)
    assert codecs.lookup("cp1252").name == "cp1252"
