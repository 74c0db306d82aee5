/** How nodes find each other and form one cluster, and who goes on when they lose each other. */
package io.spendwatch.ops.cluster;
