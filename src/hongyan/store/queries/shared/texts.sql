-- name: recorded_apps -- whose texts are filed
SELECT DISTINCT app FROM app_name WHERE protocol IN ('tencent', 'wechat');
