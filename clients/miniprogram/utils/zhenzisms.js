// Projects keep the client in utils/, where the component looks for it; so does this package.
module.exports = require("../zhenzisms.js");
