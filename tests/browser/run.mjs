// `npm run test:browser`: pages in a real browser. Screenshots go to target/screenshots, for people to look at.

import "./admissions.test.mjs";
import "./budget.test.mjs";
import "./drafts.test.mjs";
import "./gallery.test.mjs";
import "./home.test.mjs";
import "./moves.test.mjs";
import "./product.test.mjs";
import "./register.test.mjs";
import "./restricted.test.mjs";
import "./emergency.test.mjs";
import "./ward.test.mjs";
