"""Names of people who never lived, and how others write them: made apart from the code that compares them."""

import re
from dataclasses import dataclass
from random import Random


def words(text: str) -> list[str]:
    return text.split()


SURNAMES = words("""
Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев
Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов
Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин
Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров
Давыдов Беляев Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов
Мельников Денисов Гаврилов Тихонов Казаков Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов
Ефимов Федотов Щербаков Назаров Калинин Исаев Чернышёв Быков Маслов Родионов Коновалов Лазарев Воронин Климов
Филатов Пономарёв Голубев Кудрявцев Прохоров Наумов Потапов Журавлёв Овчинников Трофимов Леонов Соболев
Ермаков Колесников Гончаров Емельянов Никифоров Грачёв Котов Гришин Ефремов Архипов Громов Кириллов Малышев
Панов Моисеев Румянцев Акимов Кондратьев Бирюков Горбунов Анисимов Ерёмин Тихомиров Галкин Лукьянов Михеев
Скворцов Юдин Белоусов Нестеров Симонов Прокофьев Харитонов Князев Цветков Левин Митрофанов Воронов Аксёнов
Софронов Мальцев Логинов Горшков Савин Краснов Майоров Демидов Елисеев Рыбаков Сафонов Плотников Демин Хохлов
Фадеев Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин Калашников Леонтьев Лобанов Кузин Корнеев
Евдокимов Бородин Платонов Некрасов Балашов Бобров Жданов Блинов Игнатьев Коротков Муравьёв Крюков Беляков
Богомолов Дроздов Лавров Зуев Петухов Ларин Никулин Серов Терентьев Зотов Устинов Фокин Самойлов Константинов
Сахаров Шишкин Самсонов Черкасов Чистяков Носов Спиридонов Карасёв Авдеев Воронцов Зверев Владимиров Селезнёв
Нечаев Кудряшов Седов Фирсов Андрианов Панфилов Головин Терехов Ульянов Шестаков Агеев Никонов Селиванов
""")
RARE = words("""
Чайковский Троцкий Рождественский Вознесенский Покровский Ковальский Заболоцкий Грушевский Щепкин Хрущёв
Жигулин Цыганков Юхнов Ящерицын Шостакович Рабинович Цой Ким Пак Ли Гройсман Шульц Лукашенко Шевченко
Бондаренко Кравчук Ткаченко Коваленко Савченко Гнатюк Панасюк Лазарчук Карась Заяц Петросян Саркисян Арутюнян
Мамедов Гасанов Алиев Хасанов Магомедов Сулейменов Ахметов Нурпеисов Жумабаев Касымов Токаев Сатпаев Ерболатов
Кенжебаев Абдрахманов Гафуров Петров-Водкин Римский-Корсаков Мамин-Сибиряк Иванов-Крамской Новиков-Прибой
Соколов-Микитов
""")
MEN = words("""
Александр Алексей Анатолий Андрей Антон Аркадий Арсений Артём Борис Вадим Валентин Валерий Василий Виктор
Виталий Владимир Владислав Вячеслав Геннадий Георгий Глеб Григорий Даниил Денис Дмитрий Евгений Егор Иван
Игорь Илья Кирилл Константин Леонид Максим Матвей Михаил Никита Николай Олег Павел Пётр Роман Руслан Семён
Сергей Станислав Степан Тимофей Тимур Фёдор Филипп Эдуард Юрий Ярослав Ерболат Нурлан Қайрат Бауыржан
""")
WOMEN = words("""
Александра Алёна Алиса Анастасия Анна Валентина Валерия Варвара Вера Вероника Виктория Галина Дарья Диана
Евгения Екатерина Елена Елизавета Инна Ирина Ксения Лариса Лидия Любовь Людмила Маргарита Марина Мария Надежда
Наталья Нина Оксана Ольга Полина Светлана София Тамара Татьяна Ульяна Юлия Яна Айгерим Жансая
""")
FATHERS = words("""
Александрович Алексеевич Анатольевич Андреевич Борисович Вадимович Валерьевич Васильевич Викторович
Владимирович Вячеславович Геннадьевич Григорьевич Дмитриевич Евгеньевич Иванович Игоревич Ильич Константинович
Леонидович Михайлович Николаевич Олегович Павлович Петрович Романович Сергеевич Степанович Фёдорович Юрьевич
""")
_SHORT = words("""
Александр-Саша Алексей-Лёша Анатолий-Толя Дмитрий-Дима Евгений-Женя Иван-Ваня Константин-Костя Михаил-Миша
Николай-Коля Павел-Паша Пётр-Петя Сергей-Серёжа Владимир-Вова Вячеслав-Слава Григорий-Гриша Юрий-Юра
Роман-Рома Александра-Саша Анастасия-Настя Анна-Аня Дарья-Даша Евгения-Женя Екатерина-Катя Елена-Лена
Елизавета-Лиза Мария-Маша Наталья-Наташа Ольга-Оля Светлана-Света София-Соня Татьяна-Таня Юлия-Юля Ирина-Ира
Ксения-Ксюша
""")
SHORT = dict(pair.split("-") for pair in _SHORT)
# The same in Persian letters, surname last, for people who are reported by their own.
PERSIANS = (
    ("رضایی", "محمد", False, "Mohammad Rezaei"),
    ("احمدی", "حسین", False, "Хоссейн Ахмади"),
    ("کریمی", "فاطمه", True, "Fatemeh Karimi"),
    ("صادقی", "امیر", False, "Amir Sadeghi"),
    ("مرادی", "زهرا", True, "Захра Моради"),
)

_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяқң"
_HABITS = {
    "english": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya k n",
    "passport": "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia k n",
    "scholar": "a b v g d e ë ž z i j k l m n o p r s t u f h c č š šč - y - e ju ja q n",
    "german": "a b w g d e jo sh s i j k l m n o p r s t u f ch z tsch sch schtsch - y - e ju ja k n",
    "french": "a b v g d e io j z i i k l m n o p r s t ou f kh ts tch ch chtch - y - e iou ia k n",
}
_TABLES = {
    habit: dict(zip(_LETTERS, ("" if letter == "-" else letter for letter in row.split()), strict=True))
    for habit, row in _HABITS.items()
}


@dataclass(frozen=True)
class Named:
    """A name as in the passport."""

    surname: str
    given: str
    father: str
    woman: bool
    abroad: str = ""  # how others write it, if that is known

    @property
    def whole(self) -> str:
        return f"{self.surname} {self.given} {self.father}".strip()


def her(surname: str) -> str:
    """A woman's form of a surname."""
    if "-" in surname:
        return "-".join(map(her, surname.split("-")))
    if surname.endswith(("ский", "цкий")):
        return surname[:-2] + "ая"
    return surname + "а" if surname.endswith(("ов", "ев", "ёв", "ин", "ын")) else surname


def her_father(father: str) -> str:
    return father[:-2] + "на" if father.endswith(("ович", "евич")) else father.replace("Ильич", "Ильинична")


def invent(rng: Random) -> Named:
    """Common surnames are as common as they are: one in a hundred is an Ivanov."""
    rare = rng.random() < 0.2
    at = min(int(rng.expovariate(1 / 70)), len(SURNAMES) - 1)
    surname = rng.choice(RARE) if rare else SURNAMES[at]
    woman = rng.random() < 0.35
    given = rng.choice(WOMEN if woman else MEN)
    father = rng.choice(FATHERS)
    return Named(her(surname) if woman else surname, given, her_father(father) if woman else father, woman)


def latin(text: str, habit: str) -> str:
    """In Latin letters, as people with this habit write."""
    small = re.sub(r"ий\b", "y", text.lower()) if habit == "english" else text.lower()
    spelt = "".join(_TABLES[habit].get(mark, mark) for mark in small)
    return "-".join(part.capitalize() for part in spelt.split("-"))


def slip(word: str, rng: Random) -> str:
    """One typing mistake, never in the first letter."""
    at = rng.randrange(1, len(word) - 1) if len(word) > 2 else 1
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :] if at + 1 < len(word) else word
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + rng.choice("оаеинтсрвлк") + word[at + 1 :]


def as_others_write(name: Named, rng: Random) -> str:
    """The same name by somebody else: another alphabet, a mistake, a short form, initials, another order."""
    if name.abroad:
        return name.abroad
    father = name.father if rng.random() < 0.3 else ""
    style = rng.choices((_latin, _slipped, _short, _initials, _turned, _half, _plain), (40, 22, 8, 8, 12, 4, 6))[0]
    return " ".join(style(name, father, rng).split())


def _latin(name: Named, father: str, rng: Random) -> str:
    habit = rng.choices(list(_HABITS), (5, 3, 2, 1, 1))[0]
    surname, given, son = (latin(word, habit) for word in (name.surname, name.given, father))
    return f"{surname} {given} {son}" if rng.random() < 0.4 else f"{given} {son} {surname}"


def _slipped(name: Named, father: str, rng: Random) -> str:
    return f"{slip(name.surname, rng)} {name.given} {father}"


def _short(name: Named, father: str, rng: Random) -> str:
    return f"{SHORT.get(name.given, name.given)} {name.surname}"


def _initials(name: Named, father: str, rng: Random) -> str:
    return f"{name.surname} {name.given[0]}.{name.father[:1]}{'.' if name.father else ''}"


def _turned(name: Named, father: str, rng: Random) -> str:
    return f"{name.given} {father} {name.surname}"


def _half(name: Named, father: str, rng: Random) -> str:
    return f"{name.given} {rng.choice(name.surname.split('-'))}"


def _plain(name: Named, father: str, rng: Random) -> str:
    return f"{name.surname} {name.given}".replace("ё", "е")
