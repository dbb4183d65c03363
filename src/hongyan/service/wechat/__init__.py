"""WeChat's APIs: who calls, what is asked, what is done. Whatever they come by (HTTPS, the cloud call),
`apis.Apis` has each under its path; `protocols` translate.
"""
