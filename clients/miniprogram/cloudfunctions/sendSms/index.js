// WeChat's own sample of cloudbase.sendSms, as its document has it. Whether it reaches WeChat or
// Hongyan is the environment's to say: docs/reference/cloudcall.md.

const cloud = require('wx-server-sdk')
cloud.init({
  env: cloud.DYNAMIC_CURRENT_ENV,
})
exports.main = async (event, context) => {
  try {
    const result = await cloud.openapi.cloudbase.sendSms({
        "env": 'online-12345678910',
        "content": '发布了新的能力',
        "path": '/index.html',
        "phoneNumberList": [
          "+8612345678910"
        ],
        "smsType": 'Marketing',
        "useShortName": true
      })
    return result
  } catch (err) {
    return err
  }
}
