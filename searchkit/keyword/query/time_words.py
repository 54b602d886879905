"""Time words of many languages: what in a question names a day, a week, a month or a year by how long ago it is.

Languages that write words apart have a line of phrases each; Chinese, Japanese, Thai and Korean, whose words are found
within others, patterns. Names of months are those of ``ingest/month_names.py`` and the cases below, in which they stand
behind a preposition.
"""

from __future__ import annotations

RECENT, DAY, WEEK, MONTH, YEAR = "recent", "day", "week", "month", "year"

COLUMNS = (
    *((RECENT, 0), (DAY, 0), (DAY, 1), (DAY, 2), (WEEK, 0), (WEEK, 1), (MONTH, 0), (MONTH, 1), (YEAR, 0)),
    (YEAR, 1),
)
"""What the columns of a line are: the unit, and how many of it ago."""

# Left out, since they mean something else as often: recent, now, hoy en día, Arabic "the day".
PHRASES = """
latest,newest,currently,recently,most recent|today,today's|yesterday,yesterday's|day before yesterday|this week,this week's|last week,last week's,past week,previous week|this month,this month's|last month,last month's,past month,previous month|this year,this year's|last year,last year's,past year,previous year
neueste,neuesten,neuester,neuestes,jüngste,jüngsten,aktuell,aktuelle,aktuellen,aktueller,aktuelles,derzeit,zurzeit,kürzlich,neulich|heute|gestern|vorgestern|diese woche,dieser woche|letzte woche,letzter woche,letzten woche,vergangene woche,vergangener woche,vergangenen woche,vorige woche,voriger woche|diesen monat,diesem monat|letzten monat,letzten monats,vergangenen monat,vorigen monat|dieses jahr,diesem jahr|letztes jahr,letzten jahr,letzten jahres,vergangenes jahr,vergangenen jahr,voriges jahr,vorigen jahr
actuellement,récemment,dernières nouvelles,dernières actualités|aujourd'hui|-|avant-hier|cette semaine|semaine dernière,semaine passée|ce mois-ci,ce mois|mois dernier,mois passé|cette année|l'année dernière,année dernière,l'an dernier,l'année passée,l'an passé
actualmente,recientemente,últimas noticias,más reciente,más recientes|hoy|ayer|anteayer|esta semana|semana pasada,pasada semana|este mes|mes pasado,pasado mes|este año|año pasado,pasado año
attualmente,recentemente,ultime notizie,più recente,più recenti|oggi|ieri|altro ieri,l'altro ieri|questa settimana|settimana scorsa,scorsa settimana|questo mese|mese scorso,scorso mese|quest'anno|anno scorso,l'anno scorso,scorso anno
atualmente,recentemente,últimas notícias,mais recente,mais recentes|hoje|ontem|anteontem|esta semana,nesta semana,essa semana|semana passada|este mês,neste mês,esse mês|mês passado|este ano,neste ano,esse ano|ano passado
momenteel,onlangs,recentelijk,nieuwste,laatste nieuws|vandaag|gisteren|eergisteren|deze week|vorige week,afgelopen week|deze maand|vorige maand,afgelopen maand|dit jaar|vorig jaar,afgelopen jaar
senaste nytt,nyligen,nyaste|idag,i dag|igår,i går|i förrgår|denna vecka,den här veckan|förra veckan|denna månad,den här månaden|förra månaden|i år|förra året,i fjol
obecnie,niedawno,ostatnio,najnowsze,najnowszy,najnowsza|dzisiaj,dziś|wczoraj|przedwczoraj|w tym tygodniu|w zeszłym tygodniu,w ubiegłym tygodniu|w tym miesiącu|w zeszłym miesiącu,w ubiegłym miesiącu|w tym roku|w zeszłym roku,w ubiegłym roku
недавно,последние новости,в настоящее время,новейшие|сегодня|вчера|позавчера|на этой неделе|на прошлой неделе,прошлой недели|в этом месяце,этого месяца|в прошлом месяце,прошлого месяца|в этом году,этого года|в прошлом году,прошлого года
нещодавно,останні новини|сьогодні|вчора,учора|позавчора|цього тижня,на цьому тижні|минулого тижня,на минулому тижні|цього місяця|минулого місяця|цього року,цьогоріч|минулого року,торік
şu anda,son dakika,son haberler,geçenlerde,en son,güncel|bugün|dün|evvelsi gün|bu hafta|geçen hafta|bu ay|geçen ay|bu yıl,bu sene|geçen yıl,geçen sene
în prezent,de curând,ultimele știri,ultimele ştiri|azi,astăzi|ieri|alaltăieri|săptămâna aceasta,săptămâna asta,această săptămână|săptămâna trecută|luna aceasta,luna asta|luna trecută|anul acesta,anul ăsta|anul trecut
πρόσφατα,τελευταία νέα,επί του παρόντος|σήμερα|χθες,χτες,εχθές|προχθές,προχτές|αυτή την εβδομάδα,αυτήν την εβδομάδα|περασμένη εβδομάδα,προηγούμενη εβδομάδα|αυτόν τον μήνα,αυτό τον μήνα|περασμένο μήνα,προηγούμενο μήνα|φέτος|πέρσι,πέρυσι
حاليا,حاليًا,مؤخرا,مؤخرًا,آخر الأخبار,أحدث|-|أمس,بالأمس|أول أمس|هذا الأسبوع|الأسبوع الماضي,الأسبوع المنصرم|هذا الشهر|الشهر الماضي|هذا العام,هذه السنة|العام الماضي,السنة الماضية
हाल ही में,फिलहाल,फ़िलहाल,ताज़ा,ताजा,नवीनतम|आज|कल|परसों|इस सप्ताह,इस हफ्ते,इस हफ़्ते|पिछले सप्ताह,पिछले हफ्ते,पिछले हफ़्ते|इस महीने,इस माह|पिछले महीने,पिछले माह|इस साल,इस वर्ष|पिछले साल,पिछले वर्ष
hiện nay,mới nhất,gần đây|hôm nay|hôm qua|hôm kia|tuần này|tuần trước,tuần qua,tuần rồi|tháng này|tháng trước,tháng qua|năm nay|năm ngoái,năm trước,năm qua
"""  # noqa: E501

UNSPACED = (
    (r"最新|最近|目前(?!为止)|近日|現在|ล่าสุด|ปัจจุบัน|최근|최신|현재", RECENT, 0),
    (r"今天|今日|(?<!日)本日|วันนี้|오늘(?!날)", DAY, 0),
    (r"昨天|昨日|เมื่อวาน(?:นี้)?|어제", DAY, 1),
    (r"(?<!目)前天|一昨日|おととい|เมื่อวานซืน|그저께", DAY, 2),
    (r"(?<!日)本[周週]|[这這][周週]|[这這]个?個?星期|本星期|今週|สัปดาห์นี้|อาทิตย์นี้|이번\s?주|금주", WEEK, 0),
    (r"(?<!以)上[周週]|上个?個?星期|先週|(?:สัปดาห์|อาทิตย์)(?:ที่แล้ว|ก่อน|ที่ผ่านมา)|지난\s?주", WEEK, 1),
    (r"(?<!日)本月|[这這][个個]月|今月|เดือนนี้|이번\s?달", MONTH, 0),
    (r"上[个個]月|先月|เดือน(?:ที่แล้ว|ก่อน|ที่ผ่านมา)|지난\s?달", MONTH, 1),
    (r"今年|ปีนี้|올해|금년", YEAR, 0),
    (r"去年|昨年|ปี(?:ที่แล้ว|ก่อน|ที่ผ่านมา)|작년|지난해", YEAR, 1),
)
"""Patterns of the languages whose words stand within others, each with its unit and how many of it ago."""

ENGLISH = """
january february march april may june july august september october november december
jan feb mar apr - jun jul aug sep oct nov dec
- - - - - - - - sept - - -
"""

CASES = """
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
январе феврале марте апреле мае июне июле августе сентябре октябре ноябре декабре
січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
січні лютому березні квітні травні червні липні серпні вересні жовтні листопаді грудні
styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
styczniu lutym marcu kwietniu maju czerwcu lipcu sierpniu wrześniu październiku listopadzie grudniu
lednu únoru březnu dubnu květnu červnu červenci srpnu září říjnu listopadu prosinci
ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος δεκέμβριος
ιανουάριο φεβρουάριο μάρτιο απρίλιο μάιο ιούνιο ιούλιο αύγουστο σεπτέμβριο οκτώβριο νοέμβριο δεκέμβριο
tammikuussa helmikuussa maaliskuussa huhtikuussa toukokuussa kesäkuussa heinäkuussa elokuussa syyskuussa lokakuussa marraskuussa joulukuussa
كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول
जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितम्बर अक्तूबर नवम्बर दिसम्बर
"""  # noqa: E501


def _set_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


NOT_MONTHS = _set_of("marca marta juna jula lipnja set maja juli")
"""Names of months that are names, words or places in other languages, too."""

SMALL_ONLY = _set_of("mars mai abril maj")
"""Months that their languages write small; with a capital they are a planet or a name."""

LAST = _set_of(
    "last letzten letztem letzter vergangenen vorigen dernier pasado pasada scorso passado passada afgelopen vorige"
    " прошлом прошлого минулого geçen trecut trecută περασμένο περασμένου προηγούμενο zeszłym ubiegłym الماضي पिछले"
)
"""Beside a month's name: the latest that is past."""

UNITS = {
    DAY: _set_of(
        "day days tag tagen tage jour jours día días dia dias giorno giorni dag dagen dagar dni dzień день дня дней дні"
        " днів gün zi zile ημέρα ημέρες μέρες يوم أيام दिन ngày"
    ),
    WEEK: _set_of(
        "week weeks woche wochen semaine semaines semana semanas settimana settimane weken vecka veckor tydzień"
        " tygodnie tygodni неделю недели недель тиждень тижні тижнів hafta săptămână săptămâni εβδομάδα εβδομάδες"
        " أسبوع أسابيع सप्ताह हफ्ते tuần"
    ),
    MONTH: _set_of(
        "month months monat monate monaten mois mes meses mês mese mesi maand maanden månad månader miesiąc miesiące"
        " miesięcy месяц месяца месяцев місяць місяці місяців ay lună luni μήνα μήνες شهر أشهر महीने माह tháng"
    ),
    YEAR: _set_of(
        "year years jahr jahre jahren an ans année années año años anno anni ano anos jaar år rok lata lat год года лет"
        " рік роки років yıl sene ani χρόνο χρόνια سنة سنوات عام साल वर्ष năm"
    ),
}
"""What is counted in "3 weeks ago", in the forms that stand behind a number."""

NUMBERS = """
one two three four five six seven eight nine ten
a - - - - - - - - -
an - - - - - - - - -
einem zwei drei vier fünf sechs sieben acht neun zehn
einer - - - - - - - - -
un deux trois quatre cinq six sept huit neuf dix
une dos tres cuatro cinco seis siete ocho nueve diez
una due tre quattro cinque sei sette otto nove dieci
um dois três quatro - - - oito - dez
een twee drie vier vijf zes zeven acht negen tien
"""
"""Numbers in words, from one to ten."""

AGO_BEFORE = ("vor", "hace", "il y a", "há", "för", "acum", "πριν", "πριν από", "قبل")
AGO_BEHIND = _set_of("ago fa geleden sedan temu назад тому önce पहले trước")
"""What stands before or behind a number and a unit that say how long ago something was."""

AGO_UNSPACED = (
    (r"天前|日前|일\s?전|วัน(?:ที่แล้ว|ก่อน)", DAY),
    (r"[周週]前|[个個]星期前|[周週]間前|주\s?전|สัปดาห์(?:ที่แล้ว|ก่อน)", WEEK),
    (r"[个個]月前|[かカヶケ]月前|개월\s?전|เดือน(?:ที่แล้ว|ก่อน)", MONTH),
    (r"年前|년\s?전|ปี(?:ที่แล้ว|ก่อน)", YEAR),
)

OF_YEAR = _set_of("of de del di do da d' του роки roku году року г. năm")
"""What may stand between a month and its year."""

BEFORE_YEAR = _set_of("in during throughout en em nel im jahr jahre în w v в у năm عام سنة في το år")
STRICT_BEFORE = _set_of("in during throughout en em nel")
"""Prepositions of a year; those behind which a number may count something else, too."""

BEHIND_YEAR = _set_of("yılında yılı में году року році roku года")

NOT_THEN = _set_of(
    "before since after until till by from than vor seit nach bis ab avant depuis après jusqu'à antes desde hasta tras"
    " dopo prima dal até após voor sinds tot до после с з після od"
)
"""What stands before a time that isn't the one that is asked of."""
