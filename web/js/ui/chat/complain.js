/** Says what went wrong with something that was pressed and is over by now. */

import { errorText } from "../../i18n.js";
import { announce } from "../toast.js";

/** @param {unknown} error */
export const complain = (error) => announce(errorText(error));
