// What every page uses, named once: the bundler then puts all of it into one file, so that a page needs no more
// than its own chunk beside it.
import "../app/known";
import "../jobs/actions";
import "../jobs/gpus";
import "../jobs/lastlist";
import "../jobs/selection";
import "./api";
import "./base";
import "./clock";
import "./filter";
import "./format";
import "./icons";
import "./jobtext";
import "./keys";
import "./live";
import "./prefs";
import "./resource";
import "./route";
import "./states";
import "./toast";
import "./ui";
import "./virtual";
