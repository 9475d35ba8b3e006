// Stands for the libraries that setup/load.cjs leaves out of a bundle.
"use strict";
module.exports = {};
