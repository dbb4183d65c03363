const { cloudEnv } = require("./config.js");

App({
  onLaunch() {
    // Without a cloud environment the page that verifies with a publishable key works all the same.
    if (wx.cloud)
      wx.cloud.init({ env: cloudEnv || wx.cloud.DYNAMIC_CURRENT_ENV, traceUser: false });
  },
});
