// Runs the scenarios in a page. What opens the page brings `report`.

import scenarios from './scenarios.json';
import { runAll } from './driver.js';

/** How many run side by side in a page, of which there are several. */
const TOGETHER = 3;

globalThis.runScenarios = names => {
  const asked = scenarios.filter(({ name }) => names.includes(name));
  return runAll(asked, { name: 'chromium', host: location.host, together: TOGETHER }, line => globalThis.report(line));
};
