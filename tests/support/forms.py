"""Forms as the users' own guide fills them in, for a house of enterprises."""

from datetime import date

from hongyan.core.lint.qualification import WATERMARK
from hongyan.core.message import Kind
from hongyan.core.submission import (
    DocumentKind,
    IdCard,
    Licence,
    LicenceKind,
    Purpose,
    Qualification,
    Signature,
    SignatureKind,
    Template,
)
from support.papers import jpeg, png

COMPANY = "深圳市AA科技有限公司"
PERSON = "张三丰"
NAME = "AA生活服务"

LICENCE = Licence(
    kind=LicenceKind.BUSINESS_LICENCE,
    image=jpeg(),
    holder=COMPANY,
    legal_person=PERSON,
    valid_until=date(2036, 1, 1),
    seal=COMPANY,
    watermark=WATERMARK,
)
CARD = IdCard(front=png(801, 601), back=jpeg(802, 602), holder=PERSON, valid_until=date(2030, 1, 1))
QUALIFICATION = Qualification(
    name="AA公司短信主资质", purpose=Purpose.OWN, licence=LICENCE, legal_person=CARD
)
SIGNATURE = Signature(
    name=NAME,
    kind=SignatureKind.MINI_PROGRAM,
    document=DocumentKind.MINI_PROGRAM_SETTINGS,
    purpose=Purpose.OWN,
    proof=png(803, 603),
    remark="用于AA公司微信小程序用户注册验证码发送",
    mini_program=NAME,
)
TEMPLATE = Template(
    name="用户注册验证码",
    body="您的验证码为：【{1}】，请于{2}分钟内填写。如非本人操作，请忽略本短信。",
    kind=Kind.VERIFICATION,
    remark="用户手机号注册验证场景",
)
