// What the Pulumi engine runs: index.ts, bundled.
"use strict";
module.exports = require("./setup/load.cjs").load("index.ts");
