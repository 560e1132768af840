"""Networks of residual blocks, as ResNets and RegNets share them."""
