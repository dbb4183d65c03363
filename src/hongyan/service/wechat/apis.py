"""The APIs, each under its path, whatever it is called by."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from hongyan.service.serving import Serving
from hongyan.service.website import Websites
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.linking import Linking
from hongyan.service.wechat.recalling import Recalling
from hongyan.service.wechat.sending import Sending
from hongyan.service.wechat.tasking import Tasking
from hongyan.service.wechat.uploading import Uploading
from hongyan.service.wechat.visiting import Visiting

Api: TypeAlias = Callable[[Caller, bytes], Awaitable[bytes]]
"""What is answered to a body in JSON. Raises Fault and HongyanError."""


def apis(serving: Serving, websites: Websites) -> Mapping[str, Api]:
    """Those that are called by POST with a token or, without one, by a cloud call."""
    linking = Linking(serving, websites)
    sending = Sending(serving, websites, linking)
    tasking, uploading = Tasking(serving, websites), Uploading(serving)
    return {
        "/tcb/sendsms": sending.send,
        "/tcb/sendsmsv2": sending.send_v2,
        "/tcb/createsendsmstask": tasking.create,
        "/tcb/describeextensionuploadinfo": uploading.info,
        "/tcb/describesmsrecords": Recalling(serving, tasking).records,
        "/wxa/generate_urllink": linking.url_link,
        "/wxa/generatescheme": linking.scheme,
        "/wxa/business/getuserphonenumber": Visiting(serving).phone,
    }
