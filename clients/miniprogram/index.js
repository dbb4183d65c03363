// What `require('hongyan-miniprogram')` finds in a mini program: WeChat's packer does not read `main`.
module.exports = require("./zhenzisms.js");
