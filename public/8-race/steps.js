import { defineSteps } from "/view/view.js";
defineSteps({});
