"""The APIs that a cloud call reaches: `cloud.openapi.a.b(…)` calls `a.b`.

The SDK has no list of them; it calls whatever is written.
"""

from collections.abc import Mapping
from typing import Final

PATHS: Final[Mapping[str, str]] = {
    "cloudbase.sendSms": "/tcb/sendsms",
    "cloudbase.sendSmsV2": "/tcb/sendsmsv2",
    "cloudbase.createSendSmsTask": "/tcb/createsendsmstask",
    "cloudbase.describeSmsRecords": "/tcb/describesmsrecords",
    "cloudbase.describeExtensionUploadInfo": "/tcb/describeextensionuploadinfo",
    "urllink.generate": "/wxa/generate_urllink",
    "urlscheme.generate": "/wxa/generatescheme",
    "phonenumber.getPhoneNumber": "/wxa/business/getuserphonenumber",
}
"""The APIs that are served, by where HTTPS finds them. `auth.code2Session` is not among them: WeChat
has no cloud call of it either, as a cloud function is told the openid."""
