// The lesson view: what stands around every lesson's text and demo.

import { setUpTries } from "./try.js";

setUpTries();
