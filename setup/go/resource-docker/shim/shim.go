// Package shim reaches the upstream provider, which lives under internal/: Go lets only
// packages beneath the same module path import it, so this module is named beneath it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream Terraform provider.
func NewProvider() *schema.Provider {
	return provider.New("4.6.0")()
}
