"""`hongyan app`: with what an app is in the protocols of others."""

from hongyan.cli.app import app
from hongyan.cli.bounds import app_caps, app_frequency, app_hours
from hongyan.cli.tencent import app_tencent
from hongyan.cli.wechat import (
    app_cloudbase_token,
    app_forbid,
    app_permissions,
    app_permit,
    app_rotate_wechat_secret,
    app_wechat,
)

__all__ = ["app"]

for command in (
    app_frequency,
    app_hours,
    app_caps,
    app_tencent,
    app_wechat,
    app_rotate_wechat_secret,
    app_cloudbase_token,
    app_permit,
    app_permissions,
    app_forbid,
):
    app.add_command(command)
