"""HTML boilerplate: lines that stand on a page and belong to no article, told by their words in many languages."""

from __future__ import annotations

import re

from searchkit.ingest.text_cleanup import one_line

LONGEST_LABEL = 80
"""Characters of a line that announces something else; a sentence that begins with the same words is longer."""

_LABEL = re.compile(
    r"\W*(?:"
    # English
    r"you (?:may|might) (?:also )?(?:like|be interested|have missed)|(?:see|read|watch|find out|discover|view|"
    r"explore) "
    r"(?:also|more|next|now|further)|related(?! work\b)|(?:read|also|more) (?:read|from|on|in|about|stories|news|like|"
    r"coverage)|more:|"
    r"don.t miss|(?:most|trending|editor.?s.?) (?:read|popular|viewed|shared|now|picks?|choice)|popular|trending|"
    r"recommended|up next|what to read next|further reading|latest (?:news|stories)|tags?\b|topics?\b|keywords?\b|"
    r"share this|advertisement|sponsored|top stories|(?:story|article) continues|in case you missed|learn more|"
    r"click here|continue reading|article content\b|sign up|subscribe|comments?\b|leave a (?:reply|comment)|"
    # German
    r"auch interessant|mehr zum thema|lesen sie (?:auch|hier|dazu|mehr)|das könnte (?:sie|dich)|weiterlesen|"
    r"mehr (?:dazu|von|aus|themen)|zum thema|ähnliche|weiterführende|meistgelesen|anzeige\b|empfehlungen|"
    r"passend dazu|"
    r"lesetipps?|mehr lesen|jetzt lesen|schlagw[oö]rt|beiträge aus|externer inhalt|"
    # French
    r"à lire|(?:à )?lire (?:aussi|également|la suite|plus)|voir aussi|sur le même sujet|lisez aussi|plus d.articles|"
    r"publicité|articles? liés?|dans la même|newsletter|"
    # Spanish, Portuguese, Catalan
    r"leer (?:también|más)|le[ae] también|te puede interesar|más (?:información|noticias|sobre)|"
    r"noticias? relacionadas?|ver (?:también|más)|también te|publicidad|te recomendamos|temas\b|archivado en|"
    r"leia (?:também|mais)|veja (?:também|mais)|saiba mais|notícias relacionadas|publicidade|relacionad[oa]s|"
    r"você pode gostar|llegiu també|"
    # Italian, Romanian
    r"leggi anche|potrebbe interessarti|vedi anche|articoli correlati|approfondi(?:sci|menti)|correlati|pubblicità|"
    r"citește și|citiți și|vezi și|"
    # Dutch and the Scandinavian languages, Finnish
    r"lees (?:ook|meer|verder)|bekijk ook|meer over|gerelateerd|aanbevolen|les (?:også|mer)|se også|"
    r"læs (?:også|mere)|"
    r"läs (?:också|mer|även)|relaterat|annon(?:se?|s)\b|lue (?:myös|lisää)|"
    # Polish, Czech, Slovak, Hungarian
    r"czytaj (?:też|także|więcej|również)|zobacz (?:też|także|również)|polecamy|reklama\b|przeczytaj|"
    r"čtěte (?:také|více)|"
    r"přečtěte si|mohlo by vás|prečítajte si|čítajte|olvass|kapcsolódó|ajánlott|"
    # Russian, Ukrainian, Bulgarian, Greek, Turkish
    r"читайте (?:также|ещё|еще|також)|по теме|смотрите также|подробнее|материалы по теме|реклама\b|читати також|"
    r"дивіться також|прочетете още|вижте още|διαβάστε (?:επίσης|ακόμη|και)|δείτε (?:επίσης|ακόμη)|σχετικ[άέ]|"
    r"ilgili (?:haberler|içerikler)|bunlar da ilgini|ayrıca okuyun|öne çıkan|"
    # Indonesian, Vietnamese, Thai
    r"baca juga|berita (?:terkait|lainnya)|artikel terkait|đọc thêm|xem thêm|tin liên quan|เรื่องที่เกี่ยวข้อง|"
    r"อ่านเพิ่มเติม|ข่าวที่เกี่ยวข้อง|"
    # Arabic, Hebrew, Persian, Hindi
    r"اقرأ (?:أيضا|أيضاً|ايضا|المزيد)|إقرأ أيضا|مواضيع ذات صلة|קראו גם|עוד בנושא|بیشتر بخوانید|مرتبط|"
    r"ये भी पढ़ें|यह भी पढ़ें|इसे भी पढ़ें|और पढ़ें|"
    # Japanese, Chinese, Korean
    r"関連(?:記事|キーワード|ニュース|リンク)|おすすめ|あわせて読みたい|続きを読む|相关(?:阅读|新闻)|延伸閱讀|"
    r"相關新聞|推荐阅读|"
    r"관련 ?기사|\w* ?주요뉴스|더 보기"
    r")",
    re.IGNORECASE,
)

_PROMOTION = re.compile(
    # Said to a reader, in the imperative: nothing that an article says of others.
    r"\b(?:sign up|signing up) (?:for|to) (?:\w+ ){0,6}?(?:\w*newsletters?|emails?|alerts|updates|briefing)|"
    r"^\W*(?:please )?(?:sign up|subscribe|follow (?:us|me|him|her|them|our|@\w+)(?: (?:on|at|for|here)\b|"
    r"\W*$)|join us|download (?:the|our)|support us|"
    r"check out (?:more|our|all)|bookmark|log in|register|enjoying our|thank you for (?:visiting|reading|signing))\b|"
    r"\bfollow (?:us|me|him|her|them|@?\w+(?:\.\w+)?(?: \w+)?) on (?:twitter|facebook|instagram|linkedin|x|"
    r"tiktok|youtube|whatsapp)\b|"
    r"\b(?:in|to|through) your (?:inbox|letterbox|mailbox)\b|\bget the (?:\w+ ){0,3}app\b|\bread our privacy policy\b|"
    r"\bget in touch (?:with (?:us|our)|at|by)\b|\bhave a (?:news )?tip\?|\bgot a story\?|\bcontact us (?:at|"
    r"on|by|here)\b|"
    r"\b(?:e-?mail|reach) (?:\w+ ){1,4}(?:at|on twitter)\b.{0,60}(?:@|twitter)|\bmay be reached at\b|"
    r"\bmust not be (?:re)?published\b|\bmay not be (?:re)?published\b|\ball rights reserved\b|"
    r"\bstory continues below\b|"
    r"\bfor more stories like this\b|\byou are using a browser\b|"
    r"\b(?:jetzt|hier) (?:\w+ ){0,3}(?:abonnieren|bestellen|testen|registrieren|anmelden|vorbestellen)\b|"
    r"\bkostenlos (?:testen|abonnieren)\b|^\W*(?:folgen sie|abonnieren sie|melden sie sich|sie möchten|"
    r"sie mögen|sie suchen)\b|"
    r"\b(?:unser\w*|der|den|zum|im) (?:\w+[ -])?newsletter\b|\baffiliate-links?\b|\balle rechte vorbehalten\b|"
    r"\bpartnermarke\b|"
    r"\bwie hat ihnen dieser artikel gefallen\b|"
    r"\b(?:abonnez-vous|inscrivez-vous|suivez-nous|tous droits réservés)\b|"
    r"\b(?:suscr[ií]bete|suscr[ií]base|s[ií]guenos|s[oó]lo para suscriptores|todos los derechos reservados)\b|"
    r"\b(?:inscreva-se|assine (?:já|agora|a)|todos os direitos reservados|siga(?:-nos)? (?:o|a|no|"
    r"na)\b.{0,30}(?:instagram|twitter|facebook|whatsapp))|"
    r"\b(?:iscriviti|abbonati (?:ora|a)|seguici|riproduzione riservata)\b|\b(?:volg ons|abonneer|meld je aan)\b|"
    r"^\W*(?:подпи(?:сывайтесь|шитесь)|підпи(?:суйтесь|шіться))|все права защищены|\b(?:zapisz się|subskrybuj|"
    r"prawa zastrzeżone)\b|"
    r"\babone ol(?:un|mak)?\b|\babonelik için\b|\btakip edin\b|\bberlangganan\b|\bikuti (?:kami|kanal|"
    r"whatsapp)|تابعونا على|اشترك (?:الآن|في)|"
    r"सब्सक्राइब करें|फॉलो करें|会員限定|有料会員|会員登録|会員向け|无断转载|無断転載|メールマガジン|"
    r"記事読み放題|关注我们|版权所有|版權所有|"
    r"구독하기|무단 ?전재|재배포 ?금지|"
    # What readers may write, and how to write to the editors
    r"^\W*(?:contact us|kontaktieren sie uns|contactez-nous|cont[aá]ctenos|entre em contato|contattaci)\W*$|"
    r"\b(?:your (?:feedback|opinion)|ihre meinung|ihr feedback|votre avis|tu opini[oó]n|sua opini[aã]o) (?:is|ist|est|"
    r"es|nos|é) |\bsenden sie uns\b|\bcoment[aá]rios? .{0,120}\bmoderador|\bmoderat(?:e|ed|ing) (?:all )?comments\b|"
    r"\bcomments (?:are|will be) (?:moderated|closed|deleted|removed)\b|\bkommentare .{0,60}\b(?:moderiert|gelöscht)|"
    r"^\W*get (?:real-time|instant|daily|breaking|the latest|all the latest) (?:\w+ )?(?:updates|news|alerts)\b|"
    r"^\W*click here (?:to|for)\b|^\W*(?:more|follow|read|see|find|for more)\b.{0,90}https?://\S+\W*$",
    re.IGNORECASE,
)

_ORIGIN = re.compile(
    r"\W*(?:(?:this|the) (?:article|story|piece|post|report|essay|interview|column)"
    r"(?: \w+){0,2} (?:was|has been|is|were)?\s*(?:first|originally|"
    r"previously) (?:appeared|published|ran)|(?:first|originally) (?:published|appeared) (?:in|on|at|by)\b|"
    r"(?:this|the) (?:article|story|piece|essay|interview) (?:is|was) (?:republished|reprinted|adapted|translated|"
    r"excerpted)\b|"
    r"dieser (?:artikel|text|beitrag)\b.{0,60}\b(?:erschienen|veröffentlicht|übersetzung)|zuerst (?:erschienen|"
    r"veröffentlicht)|"
    r"cet article (?:a été|est)\b.{0,40}\b(?:publié|paru|traduit)|(?:este|esta) (?:artículo|nota|artigo|texto|"
    r"reportagem)\b.{0,40}\b(?:publicad[oa]|traducid[oa])|questo articolo\b.{0,40}\bpubblicato|"
    r"dit artikel\b.{0,40}\b(?:verscheen|gepubliceerd))",
    re.IGNORECASE,
)
"""Where a text appeared before, said of the text itself."""

_UPDATED = re.compile(
    r"\W*(?:(?:last |story |article )?(?:updated|modified|published|posted)|(?:zuletzt )?aktualisiert|"
    r"mis à jour|actualizado|atualizado|aggiornato|bijgewerkt|oppdatert|uppdaterad|zaktualizowano|обновлено)\b"
    r".{0,40}\d{1,2}[:.h]\d\d",
    re.IGNORECASE,
)
_FILED = re.compile(
    r"\b(?:published by|posted (?:by|in)|filed under|category|categories|tags|publicado (?:por|em|en)|categor[ií]as?|"
    r"veröffentlicht (?:von|in)|kategorien?|schlagwörter|publié (?:par|dans)|catégories?|mots-clés|"
    r"pubblicato (?:da|in)|"
    r"рубрика|категория|метки)\s*:",
    re.IGNORECASE,
)
"""Labels of a post's data; two of them on a line make it no sentence."""

_RIGHTS = re.compile(r"\W*(?:copyright\b|\(c\) ?(?:19|20)\d\d|©|저작권자)|[©ⓒ] ?(?:19|20)\d\d", re.IGNORECASE)

_CREDIT = re.compile(
    r"\W*(?:(?:photos?|pictures?|images?|illustrations?|video|graphics?|foto|fotos|bild|bilder|quellen?|"
    r"grafik|crédits?|crédito|"
    r"imagen|imagem|fotograf\w*|фото|иллюстрация|zdjęci\w*|fot\.|kilde|kaynak|写真|図|사진|图片|"
    r"圖)(?: (?:credit|by|von|de|di|courtesy)\b[^:]{0,20})?\s*[:/／：©]"
    r"|\(?(?:image|photo) (?:credit|by|courtesy)|getty images\b|shutterstock\b)",
    re.IGNORECASE,
)

_PHOTOGRAPHED = re.compile(r"\b(?:photos?|photograph\w*|pictures?|images?|fotos?|bild(?:er)?) ?©", re.IGNORECASE)

_REPORTING = re.compile(
    r"\W*(?:additional |original )?(?:reporting|report|writing|compiled|edited|editing|editor|translated|"
    r"translation|produced) by\b|"
    r"\W*(?:with (?:files|reports?|reporting|additional|assistance|input|agenc))|.{0,80}\bcontributed (?:to|"
    r"reporting)\b|"
    r"\W*(?:übersetzung|redaktion|schlussredaktion|mitarbeit|traduction|traducción|tradução|traduzione|edición|"
    r"edição|vertaling|tłumaczenie|перевод)(?: und \w+| et \w+| y \w+)?\s*:|"
    r"\W*[A-Z]{2,6} \([a-zäöü]{2,4}(?:/\w+)*\)\W*$|"
    r"\W*mit (?:agenturmaterial|material|inhalten)|\W*(?:avec|con|com|med|mit|met) (?:afp|dpa|reuters|"
    r"agenc\w+|información de|"
    r"informações)|"
    r"\W*\(?(?:dpa|afp|ap|reuters|apa|ansa|efe|tass|ntb|ritzau|tt|anp|belga|sda|"
    r"xinhua)(?:[/, ]+\w{2,12}){0,3}\)?\W*$|"
    r"\W*\([a-zäöü]{2,5}(?:[/ ][a-zäöü]{2,5})*\)\W*$",
    re.IGNORECASE,
)

_DATE = re.compile(
    r"\b\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)?\d\d\b|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b|"
    r"(?:19|20)\d\d\s?[年년]|\b\d{1,2}\.? (?:de )?[^\W\d]{3,10}\.?,? (?:de )?(?:19|20)\d\d\b|"
    r"\b[^\W\d]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"
)
_HALF_OF_THE_DAY = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d\d\b|\d{1,2}時")
_READING_TIME = re.compile(
    r"\b\d{1,3} ?(?:min(?:ute)?[ns]?\.?(?: read| de lectura| de lecture| lesezeit)|minutos? de leitura)|"
    r"lesedauer|lesezeit|"
    r"tempo (?:de leitura|di lettura)|temps de lecture|tiempo de lectura|reading time|время чтения|"
    r"okuma süresi|leestijd",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"\W*(?:by|von|par|por|di|door|av|af|oleh|yazan|автор|text|texte|written by|published by|publicado por|"
    r"від)\W+[^\W\d_]",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\W*(?:\$\$\w+\$\$|\{\{[\w .]+\}\}|\[\[\w+\]\]|%%\w+%%)\W*$")
_WORD = re.compile(r"\w+")
_END_OF_SENTENCE = (".", "!", "?", "。", "…", "”", "“", "»", '"', "’", "؟", "।")


def is_label(text: str) -> bool:
    """Say whether a line announces other articles: "Read more", "Auch interessant:"."""
    return len(text) <= LONGEST_LABEL and _LABEL.match(text) is not None


def _is_post(line: str) -> bool:
    """Say whether a line signs a post of social media, which belongs to the quotation before it."""
    return line.startswith("—") and "(@" in line


def is_boilerplate(text: str) -> bool:
    """Say whether a line belongs to no article wherever it stands: it asks, announces, credits or dates."""
    line = one_line(text)
    if len(line) > 320 or _is_post(line):
        return False
    return (
        (
            is_label(line)
            and not line.rstrip("….").endswith(("!", "?"))
            and (line.endswith(("...", "…")) or line[-1:] != ".")
        )
        or (len(line) <= 320 and _PROMOTION.search(line) is not None)
        or (len(line) <= 160 and _RIGHTS.match(line) is not None)
        or (len(line) <= 160 and (_CREDIT.match(line) is not None or _PHOTOGRAPHED.search(line) is not None))
        or (len(line) <= 250 and _REPORTING.match(line) is not None)
        or (len(line) <= 160 and _ORIGIN.match(line) is not None)
        or (len(line) <= 80 and _READING_TIME.search(line) is not None)
        or (len(line) <= 60 and _UPDATED.match(line) is not None)
        or len(_FILED.findall(line)) > 1
        or _is_dateline(line)
        or _PLACEHOLDER.match(line) is not None
    )


def _is_dateline(line: str) -> bool:
    return (
        len(line) <= 100
        and _DATE.search(line) is not None
        and len(_WORD.findall(line)) <= 12
        and not line.endswith(".")
    )


def is_byline(text: str, authors: tuple[str, ...] = ()) -> bool:
    """Say whether a line near an article's start or end names who wrote it, or when."""
    line = one_line(text)
    if len(line) > 120 or (line.endswith((".", "!", "?", "。")) and not _HALF_OF_THE_DAY.search(line)):
        return False
    return (
        (len(line) <= 80 and _BYLINE.match(line) is not None)
        or (_DATE.search(line) is not None and _CLOCK.search(line) is not None)
        or line.casefold() in {name.casefold() for name in authors}
    )
