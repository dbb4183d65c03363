"use strict";

const express = require("express");

const config = require("./config");
const user = require("./controllers/user");

const app = express();
app.disable("x-powered-by");
// 前面有反向代理时，用 app.set("trust proxy", 1) 让 req.ip 是访客的地址。
app.use(express.json({ limit: "1kb" }));
app.post("/user/register", user.register);
app.post("/user/confirm", user.confirm);
app.use((error, _req, res, _next) => {
  const isTheirs = error.status >= 400 && error.status < 500;
  if (!isTheirs) console.error(error.name);
  res.status(isTheirs ? error.status : 500).json({ code: 1000, message: "请求无法处理" });
});

const server = app.listen(config.port, config.host, () => {
  console.log(`http://${config.host}:${server.address().port}`);
});
