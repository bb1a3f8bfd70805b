// Runs the scenarios in a page. What opens the page brings `report`.

import scenarios from './scenarios.json';
import { runAll } from './driver.js';

globalThis.runScenarios = names => {
  const asked = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  return runAll(asked, { name: 'chromium', host: location.host }, line => globalThis.report(line));
};
